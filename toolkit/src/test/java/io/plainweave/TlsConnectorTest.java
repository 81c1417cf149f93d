package io.plainweave;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A connector by TLS")
class TlsConnectorTest extends TlsTest {
  @Test
  void opensAConnectionLikeAnyOther() throws Exception {
    try (Server server = start(ECHO)) {
      String peer =
          Server.builder()
              .call(() -> {
                Connector connector =
                    Connector.tcp("localhost", server.port()).tls(tls.clientTls());
                try (Connection upstream = connector.connect()) {
                  upstream.output().write("hello".getBytes(US_ASCII));
                  upstream.finishOutput();
                  assertEquals("hello", new String(upstream.input().readAllBytes(), US_ASCII));
                  return upstream.tls().orElseThrow().peer().orElseThrow().getName();
                }
              });
      assertEquals("CN=server", peer);
    }
  }

  @Test
  void goesToAPath(@TempDir Path sockets) throws Exception {
    Path path = sockets.resolve("app.sock");
    ClientTls client =
        ClientTls.builder().trust(tls.authority().certificate()).serverName("localhost").build();
    try (Server server = start(Listen.unix(path).tls(tls.tls()), ECHO)) {
      String echoed =
          Server.builder()
              .call(() -> {
                try (Connection upstream = Connector.unix(path).tls(client).connect()) {
                  upstream.output().write("hello".getBytes(US_ASCII));
                  upstream.finishOutput();
                  return new String(upstream.input().readAllBytes(), US_ASCII);
                }
              });
      assertEquals("hello", echoed);
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void refusesAServerForWhichNobodyVouches() throws Exception {
    try (Server server = start(ECHO)) {
      Connector connector =
          Connector.tcp("localhost", server.port()).tls(ClientTls.builder().build());
      assertThrows(SSLException.class, () -> Server.builder().call(connector::connect));
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
      String greeting =
          Server.builder()
              .call(() -> {
                try (Connection upstream =
                    Connector.tcp("127.0.0.1", server.port()).tls(client).connect()) {
                  return new String(upstream.input().readAllBytes(), US_ASCII);
                }
              });
      assertEquals("CN=meter-17", greeting);
    }
  }
}
