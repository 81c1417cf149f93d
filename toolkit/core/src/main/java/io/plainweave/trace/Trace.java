package io.plainweave.trace;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * A trace of one connection, or of those of some peers, which goes on until a limit of it is
 * reached, the connection or the server has ended, or it is closed. What it holds, and what that
 * may be, says the {@linkplain io.plainweave.trace package}.
 *
 * {@snippet file="io/plainweave/trace/TraceTest.java" region="trace"}
 *
 * <p>All methods are safe for use by several threads.
 */
public interface Trace extends AutoCloseable {
  /**
   * {@return how many bytes of the connections it has taken so far} They may not be written yet.
   */
  long bytes();

  /**
   * {@return how many bytes it has left out, because they came faster than they could be written}
   */
  long leftOut();

  /** {@return how many connections it has shown something of} */
  int connections();

  /** {@return why it has ended; empty as long as it goes on} */
  Optional<TraceEnd> end();

  /** {@return why it could not be written; empty if it could} */
  Optional<IOException> failure();

  /**
   * Waits until it has ended and is written.
   *
   * @param timeout how long at most
   * @return false if the time is over before
   * @throws InterruptedException if the calling thread is interrupted; the trace goes on
   */
  boolean awaitEnd(Duration timeout) throws InterruptedException;

  /**
   * Ends it, and waits until what it has taken is written, five seconds at most: a disk may hang.
   * Then the rest is written by and by. An interrupt ends the wait, and stays. Has no effect if it
   * has ended.
   */
  @Override
  void close();
}
