package io.plainweave.protocol;

import static io.plainweave.fixture.TlsServer.receive;
import static io.plainweave.fixture.TlsServer.send;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionProbe;
import io.plainweave.fixture.MemoryConnection;
import io.plainweave.fixture.TlsTest;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.tls.ServerTls;
import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Several protocols on one port")
class ProtocolsTest extends TlsTest {
  private static final byte[] GAME = {0x7F, 'G', 1};

  // @start region="onePort"
  /** Serves HTTP and HTTPS, and a game whose clients begin with three bytes of its own. */
  static Handler onePort(ServerTls tls, Handler web, Handler game) {
    return Protocols.NONE
        .tls(tls, web)
        .startsWith("GET ", web)
        .startsWith(new byte[] {0x7F, 'G', 1}, game);
  }

  // @end

  /** A web server of one page, which says how it was asked. */
  private static void web(Connection connection) throws IOException {
    Lines lines = Lines.of(connection, 4096);
    String request = lines.read();
    for (String header = request; header != null && !header.isEmpty(); ) {
      header = lines.read();
    }
    String page =
        "%s by %s\n".formatted(request, connection.tls().map(TlsSession::protocol).orElse("TCP"));
    connection.output().write("HTTP/1.0 200 OK\r\n\r\n".getBytes(US_ASCII));
    connection.output().write(page.getBytes(US_ASCII));
  }

  private Server startOnePort() throws Exception {
    Handler game = connection -> connection.input().transferTo(connection.output());
    return start(Listen.tcp("127.0.0.1", 0), onePort(tls.tls(), ProtocolsTest::web, game));
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), US_ASCII);
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), said);
    return said;
  }

  private static String curl(String scheme, Server server) throws Exception {
    Machine.needs("curl");
    String url = "%s://127.0.0.1:%d/page".formatted(scheme, server.port());
    return run("curl", "-sS", "-k", "--max-time", "10", url);
  }

  @Test
  void areToldApartForClientsOfEachOfThem() throws Exception {
    try (Server server = startOnePort()) {
      assertEquals("GET /page HTTP/1.1 by TCP\n", curl("http", server));
      assertEquals("GET /page HTTP/1.1 by TLSv1.3\n", curl("https", server));
      String hello =
          run("openssl", "s_client", "-connect", "127.0.0.1:" + server.port(), "-tls1_2");
      assertTrue(hello.contains("CN = server") || hello.contains("CN=server"), hello);
      try (Client client = Client.connect(server)) {
        client.exchange(new String(GAME, US_ASCII) + "move 1");
        client.exchange("move 2");
      }
    }
  }

  private static final Handler WHICH =
      Protocols.NONE
          .startsWith("abc", says("first"))
          .startsWith("ab", says("second"))
          .startsWith("b", says("third"))
          .otherwise(says("other"));

  /** Replies with what it is and with all that comes. */
  private static Handler says(String name) {
    return connection -> {
      connection.output().write((name + ":").getBytes(US_ASCII));
      connection.input().transferTo(connection.output());
    };
  }

  private static String which(String sent) throws Exception {
    try (var connection = new MemoryConnection(sent)) {
      WHICH.handle(connection);
      return connection.sent();
    }
  }

  @Test
  void areTriedInTheirOrder() throws Exception {
    assertEquals("first:abcd", which("abcd"));
    assertEquals("second:abd", which("abd"));
    assertEquals("third:bcd", which("bcd"));
    assertEquals("other:acb", which("acb"));
  }

  @Test
  void areNotThoseOfWhichOnlyAPartComes() throws Exception {
    assertEquals("second:ab", which("ab"));
    assertEquals("other:a", which("a"));
  }

  @Test
  void areNotAskedIfNothingComes() throws Exception {
    assertEquals("", which(""));
  }

  @Test
  void waitForNoByteThatCannotChangeTheChoice() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), WHICH)) {
      try (Client client = Client.connect(server)) {
        client.send("x");
        assertEquals("other:x", client.receive(7));
      }
      try (Client client = Client.connect(server)) {
        client.send("ax");
        assertEquals("other:ax", client.receive(8));
      }
      try (Client client = Client.connect(server)) {
        client.send("b");
        assertEquals("third:b", client.receive(7));
      }
    }
  }

  @Test
  void areFoundInBytesThatComeOneByOne() throws Exception {
    BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
    Handler choosing =
        connection -> {
          accepted.add(connection);
          WHICH.handle(connection);
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), choosing);
        Client client = Client.connect(server)) {
      Connection connection = accepted.poll(10, TimeUnit.SECONDS);
      for (int i = 0; i < 3; i++) {
        client.send("abc".substring(i, i + 1));
        ConnectionProbe.awaitReceived(connection, i + 1, new AtomicBoolean());
      }
      assertEquals("first:abc", client.receive(9));
    }
  }

  @Test
  void areToldApartWithinTlsAgain() throws Exception {
    Handler nested = Protocols.NONE.tls(tls.tls(), WHICH).otherwise(says("plain"));
    try (Server server = start(Listen.tcp("127.0.0.1", 0), nested)) {
      for (String version : List.of("TLSv1.2", "TLSv1.3")) {
        try (SSLSocket client = tls.connect(server, version)) {
          send(client, "abc");
          assertEquals("first:abc", receive(client, 9));
        }
      }
      try (Client client = Client.connect(server)) {
        client.send("abc");
        assertEquals("plain:abc", client.receive(9));
      }
    }
  }

  @Test
  void refuseWhatIsNoneOfThem() throws Exception {
    try (Server server = startOnePort();
        Client client = Client.connect(server)) {
      client.send("\u007fGQ and more");
      assertTrue(client.seesReset());
      var reason = assertInstanceOf(CloseReason.Malformed.class, events.awaitReason());
      assertEquals("no protocol of this port opens with 7f 47 51", reason.cause().getMessage());
    }
  }

  private static String refused(Protocols protocols, String opening) {
    return assertThrows(
            IllegalArgumentException.class, () -> protocols.startsWith(opening, says("x")))
        .getMessage();
  }

  @Test
  void areRefusedIfTheyCannotBeFound() {
    Protocols get = Protocols.NONE.startsWith("GE", says("get"));
    assertEquals(
        "the opening 47 45 54 is never found behind 47 45, which takes it", refused(get, "GET"));
    assertEquals("an opening has 1 to 256 bytes: 0", refused(get, ""));
    assertEquals("an opening has 1 to 256 bytes: 257", refused(get, "x".repeat(257)));
    get.startsWith("G", says("one that takes the rest"));
  }
}
