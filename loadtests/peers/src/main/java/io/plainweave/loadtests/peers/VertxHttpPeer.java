package io.plainweave.loadtests.peers;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** Vert.x: its HTTP server on the native transport. */
final class VertxHttpPeer implements Peer {
  private static final CharSequence TYPE = HttpHeaders.createOptimized(Hello.TYPE);
  private static final Buffer BODY = Buffer.buffer(Hello.BODY);

  @Override
  public InetSocketAddress start(int port, int threads) throws IOException {
    int shared = port == 0 ? VertxPeer.freePort() : port;
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions().setEventLoopPoolSize(threads).setPreferNativeTransport(true));
    HttpServerOptions options =
        new HttpServerOptions()
            .setPort(shared)
            .setAcceptBacklog(BACKLOG)
            .setTcpNoDelay(true)
            .setIdleTimeout((int) IDLE_TIMEOUT.toSeconds())
            .setIdleTimeoutUnit(TimeUnit.SECONDS);
    for (int i = 0; i < threads; i++) { // as many servers share the port, as in VertxPeer
      vertx.createHttpServer(options).requestHandler(VertxHttpPeer::answer).listen().await();
    }
    return new InetSocketAddress(shared);
  }

  private static void answer(HttpServerRequest request) {
    if (request.method().equals(HttpMethod.GET) && request.path().equals(Hello.PATH)) {
      request
          .response()
          .putHeader(HttpHeaders.DATE, Hello.date())
          .putHeader(HttpHeaders.CONTENT_TYPE, TYPE)
          .end(BODY);
    } else {
      request.response().setStatusCode(404).end();
    }
  }
}
