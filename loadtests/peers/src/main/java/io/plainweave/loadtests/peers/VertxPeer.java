package io.plainweave.loadtests.peers;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Vert.x: its {@link NetServer} on the native transport, each socket piped into itself. */
final class VertxPeer implements Peer {
  private final Set<NetSocket> open = ConcurrentHashMap.newKeySet();

  @Override
  public InetSocketAddress start(int port, int threads) throws IOException {
    // Servers share a port by its number, so none of them can be left to take a free one.
    int shared = port == 0 ? freePort() : port;
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions().setEventLoopPoolSize(threads).setPreferNativeTransport(true));
    NetServerOptions options =
        new NetServerOptions()
            .setPort(shared)
            .setAcceptBacklog(BACKLOG)
            .setTcpNoDelay(true)
            .setIdleTimeout((int) IDLE_TIMEOUT.toSeconds())
            .setIdleTimeoutUnit(TimeUnit.SECONDS);
    // A server serves on the loop that made it; for more loops, as many servers share the port.
    for (int i = 0; i < threads; i++) {
      vertx.createNetServer(options).connectHandler(this::serve).listen().await();
    }
    return new InetSocketAddress(shared);
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void serve(NetSocket socket) {
    open.add(socket);
    socket.closeHandler(closed -> open.remove(socket));
    socket.exceptionHandler(failure -> socket.close());
    socket.pipeTo(socket);
  }
}
