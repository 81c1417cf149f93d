package io.plainweave.loadtests.peers;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Vert.x: its {@link NetServer} on the native transport, each socket piped into itself. */
final class VertxPeer implements Peer {
  private final Set<NetSocket> open = ConcurrentHashMap.newKeySet();

  @Override
  public InetSocketAddress start(int port, int threads) {
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions().setEventLoopPoolSize(threads).setPreferNativeTransport(true));
    NetServerOptions options =
        new NetServerOptions()
            .setPort(port)
            .setAcceptBacklog(BACKLOG)
            .setTcpNoDelay(true)
            .setIdleTimeout((int) IDLE_TIMEOUT.toSeconds())
            .setIdleTimeoutUnit(TimeUnit.SECONDS);
    int listening = 0;
    // A server serves on the loop that made it; for more loops, as many servers share the port.
    for (int i = 0; i < threads; i++) {
      options.setPort(i == 0 ? port : listening);
      NetServer server = vertx.createNetServer(options).connectHandler(this::serve);
      listening = server.listen().await().actualPort();
    }
    return new InetSocketAddress(listening);
  }

  private void serve(NetSocket socket) {
    open.add(socket);
    socket.closeHandler(closed -> open.remove(socket));
    socket.exceptionHandler(failure -> socket.close());
    socket.pipeTo(socket);
  }
}
