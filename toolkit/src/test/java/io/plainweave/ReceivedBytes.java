package io.plainweave;

import java.util.concurrent.atomic.AtomicBoolean;

/** What a connection has taken from its socket, for tests that send in pieces. */
public final class ReceivedBytes {
  private ReceivedBytes() {}

  /**
   * Waits until a connection has taken so many bytes from its socket, so that what is sent next
   * comes in a read of its own; or until its handler is done.
   */
  public static void await(Connection connection, long count, AtomicBoolean done) {
    var input = (ConnectionInput) connection.input();
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (input.received() < count && !done.get()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(input.received() + " of " + count + " bytes were received");
      }
      Thread.yield();
    }
  }
}
