package io.plainweave.testing;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Client;
import io.plainweave.client.Connector;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.socket.Listener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Objects;

/** Opens connections in memory that are each other's peer; all of them live in one client. */
final class Pairs implements AutoCloseable {
  /** Two connections. */
  record Pair(Connection first, Connection second) {
    /** Resets both. */
    void abort() {
      first.abort();
      second.abort();
    }
  }

  private final MemorySockets sockets;
  private final Client client;
  private final Listener listener;
  private final Connector connector;

  Pairs(MemoryNetwork network, TimeLimits limits) throws IOException, InterruptedException {
    sockets = network.sockets();
    client = network.surroundings().call(() -> Client.open(limits));
    listener = sockets.bind(Listen.tcp("127.0.0.1", 0)).getFirst();
    int port = ((InetSocketAddress) listener.address()).getPort();
    connector = Connector.tcp("127.0.0.1", port);
  }

  Pair open() throws IOException, InterruptedException {
    Connection first = client.connect(connector);
    SocketChannel accepted =
        Objects.requireNonNull(listener.accept(), "a client has just connected");
    return new Pair(
        first, SocketConnection.registerOutbound(((SocketConnection) first).home(), accepted));
  }

  /** Resets what is open. */
  @Override
  public void close() {
    listener.close();
    client.close();
    sockets.forgetEnded();
  }
}
