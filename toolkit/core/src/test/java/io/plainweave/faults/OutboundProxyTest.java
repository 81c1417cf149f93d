package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.client.ProxyServer;
import io.plainweave.fixture.TlsServer;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A connection through a proxy of others")
@Tag("machine")
@Timeout(60)
class OutboundProxyTest {
  @TempDir private Path folder;

  private final int port = Ports.unused();
  private Process proxy;

  @AfterEach
  void close() throws InterruptedException {
    if (proxy != null) {
      proxy.destroy();
      if (!proxy.waitFor(5, TimeUnit.SECONDS)) {
        proxy.destroyForcibly();
      }
    }
  }

  private void start(String... command) throws IOException {
    Machine.needs(command[0]);
    Path log = folder.resolve("proxy.log");
    proxy =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    proxy.getOutputStream().close();
    await()
        .until(() -> {
          assertTrue(proxy.isAlive(), () -> "the proxy has ended: " + text(log));
          try (var _ = new Socket("127.0.0.1", port)) {
            return true;
          } catch (ConnectException notYet) {
            return false;
          }
        });
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "" + e;
    }
  }

  private static Server echo(Listen listen) throws Exception {
    return Server.builder()
        .listen(listen)
        .handler(connection -> connection.input().transferTo(connection.output()))
        .start();
  }

  private static String echoed(Connector connector) throws Exception {
    try (Connection connection = connector.connect()) {
      connection.output().write("hello".getBytes(US_ASCII));
      // No half-close, which most proxies take for the end.
      return new String(connection.input().readNBytes(5), US_ASCII);
    }
  }

  /** By name, by address, in TLS for the name; and where nobody listens. */
  private void reachesAServerThrough(ProxyServer through) throws Exception {
    try (Server server = echo(Listen.tcp("127.0.0.1", 0))) {
      for (String host : new String[] {"localhost", "127.0.0.1"}) {
        assertEquals("hello", echoed(Connector.tcp(host, server.port()).via(through)));
      }
    }
    TlsServer tls = TlsServer.in(folder);
    try (Server server = echo(tls.listen())) {
      Connector connector = Connector.tcp("localhost", server.port());
      assertEquals("hello", echoed(connector.via(through).tls(tls.clientTls())));
      assertEquals("hello", echoed(connector.tls(tls.clientTls()).via(through)));
    }
  }

  private static String refusal(Connector connector) {
    return assertThrows(ConnectException.class, connector::connect).getMessage();
  }

  private static void assertRefused(String answer, Connector connector) {
    String refusal = refusal(connector);
    String beginning = "cannot connect to " + connector + ": the proxy answers: ";
    assertTrue(refusal.startsWith(beginning) && refusal.contains(answer), refusal);
  }

  @Test
  void goesThroughMicrosocks() throws Exception {
    start("microsocks", "-i", "127.0.0.1", "-p", "" + port);
    ProxyServer socks = ProxyServer.socks("127.0.0.1", port);
    reachesAServerThrough(socks);
    assertRefused("Connection refused", Connector.tcp("127.0.0.1", Ports.unused()).via(socks));
  }

  @Test
  void goesThroughMicrosocksWithCredentials() throws Exception {
    start("microsocks", "-i", "127.0.0.1", "-p", "" + port, "-u", "app", "-P", "secret");
    ProxyServer socks = ProxyServer.socks("127.0.0.1", port);
    reachesAServerThrough(socks.credentials("app", "secret"));
    Connector connector = Connector.tcp("127.0.0.1", port).via(socks);
    assertTrue(refusal(connector).endsWith(": the proxy wants credentials"));
    Connector wrong = connector.via(socks.credentials("app", "wrong"));
    assertTrue(refusal(wrong).contains("the proxy does not accept the credentials"));
  }

  @Test
  void goesThroughTinyproxyWithCredentials() throws Exception {
    Path settings =
        Files.writeString(
            folder.resolve("tinyproxy.conf"),
            """
            Port %d
            Listen 127.0.0.1
            Timeout 30
            MaxClients 20
            BasicAuth app secret
            """
                .formatted(port));
    start("tinyproxy", "-d", "-c", settings.toString());
    ProxyServer http = ProxyServer.http("127.0.0.1", port);
    reachesAServerThrough(http.credentials("app", "secret"));
    Connector connector = Connector.tcp("127.0.0.1", Ports.unused());
    assertRefused("407 Proxy Authentication Required", connector.via(http));
    assertRefused("401 ", connector.via(http.credentials("app", "wrong")));
    assertRefused("500 ", connector.via(http.credentials("app", "secret")));
  }

  @Test
  void goesThroughDanteAsFarAsItsRulesAllow() throws Exception {
    Path settings =
        Files.writeString(
            folder.resolve("danted.conf"),
            """
            logoutput: stderr
            internal: 127.0.0.1 port = %d
            external: lo
            clientmethod: none
            socksmethod: none
            client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
            socks block { from: 0.0.0.0/0 to: 127.0.0.9/32 }
            socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
            """
                .formatted(port));
    start("danted", "-f", settings.toString());
    ProxyServer socks = ProxyServer.socks("127.0.0.1", port);
    reachesAServerThrough(socks);
    assertRefused("connection not allowed by ruleset", Connector.tcp("127.0.0.9", 9).via(socks));
  }
}
