package io.plainweave.internal.socket;

import io.plainweave.internal.log.Log;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What systemd has passed to this process beside descriptor 0 (sd_listen_fds(3)), and Java cannot
 * take: the decision record 30 says what was tried.
 */
public final class PassedSockets {
  private static final AtomicBoolean TOLD = new AtomicBoolean();

  private PassedSockets() {}

  /**
   * Tells the log, once in a process, if there are sockets at which nobody listens.
   *
   * @param inherits whether the server listens on its standard input, which is one of them
   */
  public static void tell(boolean inherits) {
    Map<String, String> environment = System.getenv();
    int left = count(environment, ProcessHandle.current().pid()).orElse(0) - (inherits ? 1 : 0);
    if (left > 0 && !TOLD.getAndSet(true)) {
      Log.socketsLeft(left, environment.getOrDefault("LISTEN_FDNAMES", "unnamed"));
    }
  }

  /** How many were passed to this process, and not to one that has started it. */
  static OptionalInt count(Map<String, String> environment, long pid) {
    if (!Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
      return OptionalInt.empty();
    }
    try {
      return OptionalInt.of(Integer.parseInt(environment.getOrDefault("LISTEN_FDS", "")));
    } catch (NumberFormatException nothing) {
      return OptionalInt.empty();
    }
  }
}
