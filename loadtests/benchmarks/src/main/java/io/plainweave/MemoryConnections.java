package io.plainweave;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;

/** The connections of a server that has no sockets and no threads of its own. */
final class MemoryConnections {
  private final ConnectionContext context;

  MemoryConnections() {
    ConnectionContext shared =
        Server.builder().listen(Listen.tcp(0)).handler(connection -> {}).build().context();
    try {
      shared.pollers().open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ListenerLimit limit = shared.admission().add(Listen.tcp(0), new InetSocketAddress(0));
    context = shared.with(limit, shared.preface());
  }

  ConnectionContext context() {
    return context;
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
    var connection = SocketConnection.accepted(context, channel, channel.getLocalAddress());
    context.registry().add(connection);
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
    context.registry().forEach(SocketConnection::abort);
    context.pollers().close();
  }
}
