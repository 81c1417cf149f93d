package io.plainweave.internal.log;

import io.plainweave.text.OneLine;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A log in which nobody forges a line: whatever stands in a message, be it chosen by a peer, is
 * shown in one line, and so is the message of a failure. {@link OneLine} says what is shown by an
 * escape. It is the only way by which the server writes to its log.
 *
 * <p>What the observers of a server are told is logged by one of them. The rest, told to nobody
 * else, has a method here.
 */
public final class Log {
  /** The log of all servers of the process. Its name is a part of the API: users configure it. */
  public static final Log SERVER = new Log("io.plainweave.server.Server");

  /** Where traces of connections go, if they are to go to the log. */
  public static final Log TRACE = new Log("io.plainweave.trace.Trace");

  /** The same of all clients. */
  private static final Log CLIENT = new Log("io.plainweave.client.Client");

  private final Logger log;

  Log(String name) {
    this.log = LoggerFactory.getLogger(name);
  }

  public boolean isDebugEnabled() {
    return log.isDebugEnabled();
  }

  public boolean isTraceEnabled() {
    return log.isTraceEnabled();
  }

  public void trace(String format, @Nullable Object... values) {
    log(Level.TRACE, format, values);
  }

  public void debug(String format, @Nullable Object... values) {
    log(Level.DEBUG, format, values);
  }

  public void info(String format, @Nullable Object... values) {
    log(Level.INFO, format, values);
  }

  public void warn(String format, @Nullable Object... values) {
    log(Level.WARN, format, values);
  }

  public void error(String format, @Nullable Object... values) {
    log(Level.ERROR, format, values);
  }

  /** As SLF4J does it: a failure that is the last value comes with its stack trace. */
  public void log(Level level, String format, @Nullable Object... values) {
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

  // What only the log is told

  /** Tells that event loops were asked for, or should be there, and cannot be had. */
  public static void noEventLoops(Exception cause) {
    SERVER.warn(
        "no event loops: start java with --add-opens java.base/java.lang=io.plainweave (on the class"
            + " path: =ALL-UNNAMED); the connections run on the JDK's scheduler ({})",
        cause.toString());
  }

  /** Tells that the JDK has a fault by which virtual threads may wait for ever. */
  public static void wakeUpsMayBeLost(Runtime.Version jdk) {
    SERVER.info(
        "this JDK {} may lose the wake-up of a virtual thread, in rare cases (JDK-8373120): take"
            + " 25.0.4, 26.0.1 or later",
        jdk);
  }

  /** Tells that sockets were passed to this process and nobody listens there. */
  public static void socketsLeft(int count, String names) {
    SERVER.warn(
        "{} of the sockets that systemd has passed (LISTEN_FDS: {}) are left unused, and connections"
            + " wait there in vain: Java takes the standard input only; start this process with"
            + " StandardInput=socket, or by sh -c 'exec java ... <&3', and use Listen.inherited()",
        count,
        names);
  }

  /** Tells that somebody looks at what passes, which may be secret. */
  public static void traceBegan(String name, Object target) {
    SERVER.info("{} begins: {}", name, target);
  }

  public static void traceEnded(String name, String why) {
    SERVER.info("{} ends: {}", name, why);
  }

  /** Tells that a trace has ended, since it could not be written. */
  public static void traceFailed(String name, IOException failure) {
    try {
      SERVER.warn("{} ends, since it cannot be written: {}", name, failure.toString());
    } catch (Throwable noMemoryForTheLog) {
      // The trace knows its failure, too.
    }
  }

  public static void optionRefused(Object what, IOException failure) {
    SERVER.debug("{}: an accepted socket does not take an option", what, failure);
  }

  public static void datagramFailed(Object socket, Throwable failure) {
    SERVER.debug("{}: the system could not receive or send", socket, failure);
  }

  public static void repliesFromElsewhere(String address, IOException failure) {
    SERVER.debug(
        "udp:{}: no socket there, so replies may come from another address", address, failure);
  }

  public static void closeFailed(Object what, Throwable failure) {
    SERVER.debug("{}: the socket did not close well", what, failure);
  }

  public static void socketFileLeft(Path path, IOException failure) {
    SERVER.warn(
        "the file of the socket stays, and the next server will find it stale: {}", path, failure);
  }

  /** Logs what a background task has thrown after its interrupt, most often because of it. */
  public static void endedTaskFailed(String name, Throwable failure) {
    SERVER.debug("the background task {} has ended with a failure", name, failure);
  }

  public static void serverFailed(Throwable failure) {
    SERVER.failed("a thread of the server has failed; the server is cancelled", failure);
  }

  public static void clientFailed(Throwable failure) {
    CLIENT.failed("a thread of the client has failed; its connections are reset", failure);
  }

  /** Tells that a thread of the server has gone on though it had no memory for something. */
  public static void memoryWasShort(int times, @Nullable Throwable latest) {
    try {
      SERVER.error(
          "a thread of the server had no memory, {} times since the last report; it goes on",
          times,
          latest);
    } catch (Throwable noMemoryForTheLog) {
      // It would end the thread, which has just gone on.
    }
  }

  public static void taskFailed(Throwable failure) {
    SERVER.failed("a thread of the server has failed", failure);
  }

  private void failed(String what, Throwable failure) {
    try {
      error(what, failure);
    } catch (Throwable noMemoryForTheLog) {
      // It would end the thread, which has something else to do besides.
    }
  }

  /** Logs that the process ends though a thread that has waited for a server still runs. */
  public static void leftBehind(String thread, String line) {
    SERVER.warn(
        "the process ends before the thread {}, which has waited for a server: it stands at {}",
        thread,
        line);
  }

  /** Logs what the program loses where signals cannot be caught, and how to change that. */
  public static void signalsNotCaught(ReflectiveOperationException cause) {
    if (cause instanceof ClassNotFoundException) {
      SERVER.warn(
          "this JVM lacks the module jdk.unsupported, without which SIGTERM and SIGINT are not"
              + " caught: servers drain beside other shutdown hooks, and a second signal has no"
              + " effect; add it with --add-modules jdk.unsupported, to jlink for an image, else to"
              + " java");
    } else {
      SERVER.info(
          "SIGTERM and SIGINT are not caught ({}): with -Xrs they end the process without a drain",
          cause.getCause());
    }
  }
}
