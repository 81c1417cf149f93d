package io.plainweave.testing;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Client;
import io.plainweave.client.Connector;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.socket.Surroundings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
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
  private final Client client;
  private final Connection first;
  private final Connection second;

  private ConnectionPair(Client client, Connection first, Connection second) {
    this.client = client;
    this.first = first;
    this.second = second;
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
    Objects.requireNonNull(limits, "limits");
    Surroundings in = network.surroundings();
    Client client = in.call(() -> Client.open(limits));
    boolean complete = false;
    try (Listener listener = network.sockets().bind(Listen.tcp("127.0.0.1", 0)).getFirst()) {
      int port = ((InetSocketAddress) listener.address()).getPort();
      Connection first = client.connect(Connector.tcp("127.0.0.1", port));
      SocketChannel accepted =
          Objects.requireNonNull(listener.accept(), "a client has just connected");
      Connection second =
          SocketConnection.registerOutbound(((SocketConnection) first).home(), accepted);
      complete = true;
      return new ConnectionPair(client, first, second);
    } finally {
      if (!complete) {
        client.close();
      }
    }
  }

  /** {@return the side that has connected} */
  public Connection first() {
    return first;
  }

  /** {@return the other side} */
  public Connection second() {
    return second;
  }

  /** Resets what is open, and waits until the threads behind it have ended. */
  @Override
  public void close() {
    client.close();
  }
}
