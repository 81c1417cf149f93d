package io.plainweave.loadtests.peers;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import java.net.InetSocketAddress;

/** Helidon: its web server, which runs each connection on a virtual thread. */
final class HelidonHttpPeer implements Peer {
  private static final Header TYPE =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, Hello.TYPE);

  @Override
  public InetSocketAddress start(int port, int threads) {
    WebServer server =
        WebServer.builder()
            .port(port)
            .backlog(BACKLOG)
            .connectionOptions(options -> options.tcpNoDelay(true))
            .idleConnectionTimeout(IDLE_TIMEOUT)
            .routing(routing ->
                routing.get(
                    Hello.PATH, (request, response) -> response.header(TYPE).send(Hello.BODY)))
            .build()
            .start();
    return new InetSocketAddress(server.port());
  }
}
