package io.plainweave.testing;

import io.plainweave.Connection;
import io.plainweave.TimeLimits;
import io.plainweave.client.Connector;
import java.io.IOException;
import java.util.Objects;

/**
 * Two connections in memory that are each other's peer, without a server: for what reads and writes
 * connections, a decoder or a client of a protocol.
 *
 * {@snippet file="io/plainweave/testing/GuideTest.java" region="pair"}
 *
 * <p>Both are as those that a {@link Connector} opens: the limits of the first byte and the
 * lifetime do not apply, nothing drains, and each is closed by whoever has it. {@link #close()}
 * resets what is still open. For what a server does with a connection there is {@link TestServer}.
 */
public final class ConnectionPair implements AutoCloseable {
  private final Pairs pairs;
  private final Pairs.Pair pair;

  private ConnectionPair(Pairs pairs, Pairs.Pair pair) {
    this.pairs = pairs;
    this.pair = pair;
  }

  /**
   * Opens a pair without time limits.
   *
   * @return the pair, the caller's to close
   * @throws IOException if the system has no thread or no descriptor for what waits for them
   * @throws InterruptedException if the calling thread is interrupted
   */
  public static ConnectionPair open() throws IOException, InterruptedException {
    return open(MemoryNetwork.create(), TimeLimits.NONE);
  }

  /**
   * Opens a pair in a network, with its links, clock and addresses.
   *
   * @param network where it is
   * @param limits of both connections
   * @return the pair, the caller's to close
   * @throws IOException if the system has no thread or no descriptor for what waits for them
   * @throws InterruptedException if the calling thread is interrupted
   */
  public static ConnectionPair open(MemoryNetwork network, TimeLimits limits)
      throws IOException, InterruptedException {
    var pairs = new Pairs(network, Objects.requireNonNull(limits, "limits"));
    boolean complete = false;
    try {
      var opened = new ConnectionPair(pairs, pairs.open());
      complete = true;
      return opened;
    } finally {
      if (!complete) {
        pairs.close();
      }
    }
  }

  /** {@return the side that has connected} */
  public Connection first() {
    return pair.first();
  }

  /** {@return the other side} */
  public Connection second() {
    return pair.second();
  }

  /** Resets what is open, and waits until the threads behind it have ended. */
  @Override
  public void close() {
    pairs.close();
  }
}
