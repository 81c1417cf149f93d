package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for servers that are started again, or later than their clients. */
final class Ports {
  private static final int FIRST = 10_000;

  /** Below those that the kernel gives out (ip_local_port_range, by default from 32768 on). */
  private static final int LAST = 29_999;

  private Ports() {}

  /** Returns a port that is free, and that nobody else gets by chance while it is not in use. */
  static int unused() {
    for (int i = 0; i < 100; i++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, LAST + 1);
      try (var _ = new ServerSocket(port)) {
        return port;
      } catch (IOException taken) {
        // Then another one.
      }
    }
    return fail("no port is free from " + FIRST + " to " + LAST);
  }
}
