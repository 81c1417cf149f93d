package io.plainweave.logging;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.BasicStatusManager;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.StatusManager;

/**
 * Lets the lines of Logback have the connection among the values of their MDC. Logback finds it by
 * itself ({@link java.util.ServiceLoader}) and asks it before it configures anything; all else is
 * left to the configuration of the program.
 */
public final class LogbackContext extends ContextAwareBase implements Configurator {
  /** For {@link java.util.ServiceLoader}. */
  public LogbackContext() {}

  @Override
  public ExecutionStatus configure(LoggerContext loggers) {
    switch (loggers.getMDCAdapter()) {
      case LogbackMdc _ -> {
        // It was here before.
      }
      case LogbackMDCAdapter program -> replace(loggers, program);
      case null, default ->
          addWarn("the MDC is not Logback's: its lines do not have the connection of the thread");
    }
    return ExecutionStatus.INVOKE_NEXT_IF_ANY;
  }

  /** Logback would warn of it, and print that at each start. */
  private static void replace(LoggerContext loggers, LogbackMDCAdapter program) {
    StatusManager statuses = loggers.getStatusManager();
    loggers.setStatusManager(new BasicStatusManager());
    try {
      loggers.setMDCAdapter(new LogbackMdc(program));
    } finally {
      loggers.setStatusManager(statuses);
    }
  }
}
