package io.plainweave;

import java.util.concurrent.atomic.AtomicBoolean;

/** What a connection does inside, for tests outside of its package that must not guess it. */
public final class ConnectionProbe {
  private ConnectionProbe() {}

  /**
   * Waits until a connection has taken so many bytes from its socket, so that what is sent next
   * comes in a read of its own; or until its handler is done.
   */
  public static void awaitReceived(Connection connection, long count, AtomicBoolean done) {
    var input = (ConnectionInput) connection.input();
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (input.received() < count && !done.get()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(input.received() + " of " + count + " bytes were received");
      }
      Thread.yield();
    }
  }

  /** Whether the server has ended the input, though the handler may not have seen it yet. */
  public static boolean inputIsEnded(Connection connection) {
    return ((ConnectionInput) connection.input()).endedBy() != null;
  }
}
