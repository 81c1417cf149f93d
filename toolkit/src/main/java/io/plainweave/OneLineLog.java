package io.plainweave;

import io.plainweave.text.OneLine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A log in which nobody forges a line: whatever stands in a message, be it chosen by a peer, is
 * shown in one line, and so is the message of a failure. {@link OneLine} says what is shown by an
 * escape. It is the only way by which the server writes to its log.
 */
final class OneLineLog {
  private final Logger log;

  /** By the name of a class, as is usual. */
  OneLineLog(Class<?> name) {
    this.log = LoggerFactory.getLogger(name);
  }

  boolean isDebugEnabled() {
    return log.isDebugEnabled();
  }

  void trace(String format, @Nullable Object... values) {
    log(Level.TRACE, format, values);
  }

  void debug(String format, @Nullable Object... values) {
    log(Level.DEBUG, format, values);
  }

  void info(String format, @Nullable Object... values) {
    log(Level.INFO, format, values);
  }

  void warn(String format, @Nullable Object... values) {
    log(Level.WARN, format, values);
  }

  void error(String format, @Nullable Object... values) {
    log(Level.ERROR, format, values);
  }

  /** As SLF4J does it: a failure that is the last value comes with its stack trace. */
  void log(Level level, String format, @Nullable Object... values) {
    if (!log.isEnabledForLevel(level)) {
      return;
    }
    Object[] shown = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      boolean isLast = i == values.length - 1;
      shown[i] =
          isLast && values[i] instanceof Throwable failure
              ? LoggedFailure.of(failure)
              : text(values[i]);
    }
    switch (level) {
      case ERROR -> log.error(format, shown);
      case WARN -> log.warn(format, shown);
      case INFO -> log.info(format, shown);
      case DEBUG -> log.debug(format, shown);
      case TRACE -> log.trace(format, shown);
    }
  }

  /** An object of a user may fail when it is asked for its text. */
  private static String text(@Nullable Object value) {
    if (value == null) {
      return "null";
    }
    try {
      return OneLine.of(String.valueOf(value));
    } catch (RuntimeException noText) {
      return value.getClass().getName() + " (" + noText.getClass().getName() + ")";
    }
  }
}
