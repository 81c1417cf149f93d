package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of Table L have in common: a server that tells how its connections end. */
@ExtendWith(ResourceGuard.class)
@Timeout(60)
abstract class TlsFaults {
  static final Handler ECHO = connection -> connection.input().transferTo(connection.output());

  @TempDir static Path folder;
  static TlsServer tls;

  final AtomicInteger opened = new AtomicInteger();
  final BlockingQueue<CloseReason> reasons = new LinkedBlockingQueue<>();

  @BeforeAll
  static void makeCertificates() throws Exception {
    tls = TlsServer.in(folder);
  }

  ServerBuilder builder(Listen listen, Handler handler) {
    return Server.builder()
        .listen(listen)
        .handler(handler)
        .drainTimeout(Duration.ofSeconds(10))
        .observer(event -> {
          switch (event) {
            case ServerEvent.ConnectionOpened _ -> opened.incrementAndGet();
            case ServerEvent.ConnectionClosed closed -> reasons.add(closed.reason());
            default -> {
              // Not about a connection.
            }
          }
        });
  }

  Server start() throws Exception {
    return builder(tls.listen(), ECHO).start();
  }

  <T extends CloseReason> T reason(Class<T> kind) throws InterruptedException {
    CloseReason reason = reasons.poll(20, TimeUnit.SECONDS);
    assertTrue(reason != null, "no connection has ended");
    return assertInstanceOf(kind, reason);
  }

  String tlsFailure() throws InterruptedException {
    return reason(CloseReason.TlsFailed.class).cause().getMessage();
  }

  static Socket connect(Server server) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  static void exchange(SSLSocket client) throws IOException {
    client.getOutputStream().write("hello".getBytes(US_ASCII));
    assertEquals("hello", new String(client.getInputStream().readNBytes(5), US_ASCII));
  }

  static void serveAFreshClient(Server server) throws Exception {
    try (SSLSocket client = tls.connect(server, "TLSv1.3")) {
      exchange(client);
    }
  }
}
