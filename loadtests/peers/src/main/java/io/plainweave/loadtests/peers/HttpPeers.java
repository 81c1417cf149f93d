package io.plainweave.loadtests.peers;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The peers that speak HTTP, all with the same answer to {@code GET /hello}. */
final class HttpPeers {
  static final Map<String, Supplier<Peer>> BY_NAME =
      new TreeMap<>(
          Map.of(
              "netty-nio", () -> NettyPeer.http(NettyPeer.Transport.NIO),
              "netty-epoll", () -> NettyPeer.http(NettyPeer.Transport.EPOLL),
              "vertx", VertxHttpPeer::new,
              "helidon", HelidonHttpPeer::new,
              "jetty", JettyPeer::new));

  private HttpPeers() {}
}
