package io.plainweave.benchmarks;

import io.plainweave.internal.connection.SocketConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;

/** The connections of a server that has no sockets and no threads of its own. */
final class MemoryConnections {
  private final MemoryHome home = MemoryHome.make();

  MemoryConnections() {
    try {
      home.pollers().open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  MemoryHome home() {
    return home;
  }

  /** Opens a connection to a peer that sends these bytes again and again. */
  SocketConnection openEndless(byte[] bytes) throws IOException {
    return register(new MemoryChannel.Endless(bytes));
  }

  /** Opens connections whose handlers wait for a message that never comes. */
  void openSilent(int count) throws IOException, InterruptedException {
    var waiting = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      var connection = register(new MemoryChannel.Silent(waiting));
      Thread.startVirtualThread(() -> awaitMessage(connection));
    }
    waiting.await();
  }

  private SocketConnection register(SocketChannel channel) throws IOException {
    var connection = SocketConnection.accepted(home, channel, channel.getLocalAddress());
    home.registry().add(connection);
    return connection;
  }

  private static void awaitMessage(SocketConnection connection) {
    try {
      connection.awaitMessage();
    } catch (IOException closed) {
      // By closeAll().
    }
  }

  void closeAll() throws IOException {
    home.registry().forEach(SocketConnection::abort);
    home.pollers().close();
  }
}
