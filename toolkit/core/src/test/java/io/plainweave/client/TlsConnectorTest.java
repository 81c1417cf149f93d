package io.plainweave.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.TlsTest;
import io.plainweave.server.Server;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A connector by TLS")
class TlsConnectorTest extends TlsTest {
  @Test
  void opensAConnectionLikeAnyOther() throws Exception {
    try (Server server = start(ECHO)) {
      Connector connector = Connector.tcp("localhost", server.port()).tls(tls.clientTls());
      try (Connection upstream = connector.connect()) {
        upstream.output().write("hello".getBytes(US_ASCII));
        upstream.finishOutput();
        assertEquals("hello", new String(upstream.input().readAllBytes(), US_ASCII));
        assertEquals("CN=server", upstream.tls().orElseThrow().peer().orElseThrow().getName());
      }
    }
  }

  @Test
  void goesToAPath(@TempDir Path sockets) throws Exception {
    Path path = sockets.resolve("app.sock");
    ClientTls client =
        ClientTls.builder().trust(tls.authority().certificate()).serverName("localhost").build();
    try (Server server = start(Listen.unix(path).tls(tls.tls()), ECHO)) {
      try (Connection upstream = Connector.unix(path).tls(client).connect()) {
        upstream.output().write("hello".getBytes(US_ASCII));
        upstream.finishOutput();
        assertEquals("hello", new String(upstream.input().readAllBytes(), US_ASCII));
      }
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void refusesAServerForWhichNobodyVouches() throws Exception {
    try (Server server = start(ECHO)) {
      Connector connector =
          Connector.tcp("localhost", server.port()).tls(ClientTls.builder().build());
      assertThrows(SSLException.class, connector::connect);
      SSLException told =
          assertInstanceOf(CloseReason.TlsFailed.class, events.awaitReason()).cause();
      assertTrue(told.getMessage().contains("certificate_unknown"), told.getMessage());
    }
  }

  @Test
  void showsItsCertificateToTheServer() throws Exception {
    ServerTls strict =
        ServerTls.builder()
            .identity(tls.identity())
            .requireClientCertificate(tls.authority().certificate())
            .build();
    Handler greets =
        connection -> {
          String name = connection.tls().orElseThrow().peer().orElseThrow().getName();
          connection.output().write(name.getBytes(US_ASCII));
        };
    ClientTls client =
        ClientTls.builder()
            .trust(tls.authority().certificate())
            .identity(tls.authority().issue("meter-17"))
            .build();
    try (Server server = start(Listen.tcp("127.0.0.1", 0).tls(strict), greets)) {
      try (Connection upstream = Connector.tcp("127.0.0.1", server.port()).tls(client).connect()) {
        String greeting = new String(upstream.input().readAllBytes(), US_ASCII);
        assertEquals("CN=meter-17", greeting);
      }
    }
  }

  /** Has a connection without a certificate to a server that wants one. */
  private void connectWithoutACertificate(ConnectionTask then) throws Exception {
    ServerTls strict =
        ServerTls.builder()
            .identity(tls.identity())
            .requireClientCertificate(tls.authority().certificate())
            .build();
    try (Server server = start(Listen.tcp("127.0.0.1", 0).tls(strict), ECHO)) {
      Connector connector = Connector.tcp("127.0.0.1", server.port()).tls(tls.clientTls());
      for (int i = 0; i < 10; i++) {
        try (Connection upstream = connector.connect()) {
          SSLException told =
              assertThrows(SSLException.class, () -> then.run(upstream), "try " + i);
          assertTrue(told.getMessage().contains("certificate_required"), told.getMessage());
        }
      }
    }
  }

  private interface ConnectionTask {
    void run(Connection connection) throws Exception;
  }

  @Test
  void isToldByItsFirstReadThatTheServerMissesACertificate() throws Exception {
    connectWithoutACertificate(upstream -> {
      upstream.output().write("hello".getBytes(US_ASCII));
      upstream.input().read();
    });
  }

  /** By the write, or behind it by a read, if the server waits for the end of what it drops. */
  @Test
  void isToldAtALargeWriteThatTheServerMissesACertificate() throws Exception {
    connectWithoutACertificate(upstream -> {
      upstream.output().write(new byte[20_000_000]);
      upstream.input().read();
    });
  }

  /** While another thread reads, either may be the one that finds the server's last word. */
  @Test
  void isToldInEachOfItsThreadsThatTheServerMissesACertificate() throws Exception {
    connectWithoutACertificate(upstream -> {
      var read = new CompletableFuture<Exception>();
      Thread reader =
          Thread.startVirtualThread(() -> {
            try {
              upstream.input().read();
              read.complete(null);
            } catch (IOException e) {
              read.complete(e);
            }
          });
      try {
        upstream.output().write(new byte[20_000_000]);
        throw read.get(10, SECONDS);
      } catch (SSLException e) {
        assertTold(read.get(10, SECONDS));
        throw e;
      } catch (ConnectionClosedException e) {
        assertTold(e);
        throw assertInstanceOf(SSLException.class, read.get(10, SECONDS));
      } finally {
        reader.join();
      }
    });
  }

  private static void assertTold(Exception failure) {
    Throwable told = failure instanceof ConnectionClosedException ? failure.getCause() : failure;
    assertInstanceOf(SSLException.class, told);
  }

  @Test
  void tellsAServerThatItsRecordIsTooLarge() throws Exception {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Connector connector = Connector.tcp("127.0.0.1", server.getLocalPort()).tls(tls.clientTls());
      var failure = new CompletableFuture<SSLException>();
      Thread client =
          Thread.startVirtualThread(
              () -> failure.complete(assertThrows(SSLException.class, connector::connect)));
      try (Client accepted = new Client(server.accept())) {
        accepted.socket().setSoTimeout(10_000);
        DataInputStream in = new DataInputStream(accepted.socket().getInputStream());
        in.skipNBytes(3);
        in.skipNBytes(in.readUnsignedShort());
        accepted.socket().getOutputStream().write(new byte[] {22, 3, 3, 0x40, 1});
        assertEquals("15030300020216", HexFormat.of().formatHex(in.readNBytes(7)));
      }
      assertTrue(failure.get(10, SECONDS).getMessage().startsWith("a record of 16385 bytes"));
      client.join();
    }
  }
}
