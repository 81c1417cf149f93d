package io.plainweave.internal.connection;

import static io.plainweave.fixture.TlsServer.receive;
import static io.plainweave.fixture.TlsServer.send;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Connector;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.TlsPeer;
import io.plainweave.fixture.TlsTest;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("TLS that ends before its connection")
class EndTlsTest extends TlsTest {
  // @start region="ccc"
  /** Answers commands; from CCC on, they come in plain. */
  static void serve(Connection connection) throws IOException {
    Lines lines = Lines.of(connection, 512);
    for (String command; (command = lines.read()) != null; ) {
      if (command.equals("CCC")) {
        lines.write("200 go on in plain");
        connection.endTls();
      } else {
        lines.write(command + (connection.tls().isPresent() ? " by TLS" : " in plain"));
      }
    }
  }

  // @end

  /** A client of the JDK whose close ends TLS only. */
  private static SSLSocket secure(Socket socket, String version) throws Exception {
    SSLSocket secured = tls.over(socket, false);
    secured.setEnabledProtocols(new String[] {version});
    secured.startHandshake();
    return secured;
  }

  private SSLEngine engine(String version) throws Exception {
    SSLEngine engine = tls.clientTls().newEngine("localhost", 443);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {version});
    engine.setSSLParameters(parameters);
    return engine;
  }

  private static byte[] together(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void leavesAConnectionThatGoesOnInPlain(String version) throws Exception {
    try (Server server = start(EndTlsTest::serve);
        Client client = new Client(new Socket(InetAddress.getLoopbackAddress(), server.port()))) {
      client.socket().setSoTimeout(10_000);
      SSLSocket secured = secure(client.socket(), version);
      send(secured, "hello\n");
      assertEquals("hello by TLS\n", receive(secured, 13));
      send(secured, "CCC\n");
      assertEquals("200 go on in plain\n", receive(secured, 19));
      secured.close();
      client.send("hello\n");
      assertEquals("hello in plain\n", client.receive(15));
      client.finish();
      assertEquals("", client.receiveAll());
      assertEquals(new CloseReason.Finished(), events.awaitReason());
    }
  }

  @Test
  void isEndedFromBothSidesAndBegunAgain() throws Exception {
    Handler serves =
        connection -> {
          Lines lines = Lines.of(connection, 100);
          for (String line; (line = lines.read()) != null; ) {
            switch (line) {
              case "end" -> connection.endTls();
              case "start" -> {
                lines.write("go ahead");
                connection.startTls(tls.tls());
              }
              default -> lines.write(line + " " + connection.tls().isPresent());
            }
          }
        };
    try (Server server = start(serves);
        Connection upstream =
            Connector.tcp("localhost", server.port()).tls(tls.clientTls()).connect()) {
      Lines lines = Lines.of(upstream, 100);
      for (int i = 0; i < 3; i++) {
        lines.write("end");
        upstream.endTls();
        lines.write("is it TLS?");
        assertEquals("is it TLS? false", lines.read());
        assertFalse(upstream.tls().isPresent());
        lines.write("start");
        assertEquals("go ahead", lines.read());
        upstream.startTls(tls.clientTls());
        lines.write("is it TLS?");
        assertEquals("is it TLS? true", lines.read());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void losesNoByteThatFollowsInPlainAtOnce(String version) throws Exception {
    try (Server server = start(EndTlsTest::serve)) {
      SSLEngine engine = engine(version);
      try (TlsPeer peer = TlsPeer.connect(server, engine)) {
        byte[] command = peer.record("CCC\n");
        engine.closeOutbound();
        peer.send(command, peer.record(""), "one\ntwo\n".getBytes(US_ASCII));
        String received = "";
        while (!received.endsWith("two in plain\n")) {
          int b = peer.records().read();
          assertTrue(b >= 0, received);
          received += (char) b;
        }
        assertTrue(received.contains("one in plain\n"), received);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void isEndedInReplyToThePeer(String version) throws Exception {
    BlockingQueue<Integer> ends = new LinkedBlockingQueue<>();
    Handler replies =
        connection -> {
          connection.output().write(connection.input().read());
          ends.add(connection.input().read());
          connection.endTls();
          connection.input().transferTo(connection.output());
        };
    try (Server server = start(replies);
        Client client = new Client(new Socket(InetAddress.getLoopbackAddress(), server.port()))) {
      client.socket().setSoTimeout(10_000);
      SSLSocket secured = secure(client.socket(), version);
      send(secured, "x");
      assertEquals("x", receive(secured, 1));
      secured.close();
      assertEquals(-1, ends.poll(10, SECONDS));
      client.exchange("in plain");
    }
  }

  /** Ends TLS as soon as one byte was read, and tells how that fails. */
  private Server startFailing(TimeLimits limits, CompletableFuture<Throwable> failure)
      throws Exception {
    return Server.builder()
        .listen(tls.listen())
        .handler(connection -> {
          connection.input().read();
          failure.complete(assertThrows(Exception.class, connection::endTls));
          throw (Exception) failure.join();
        })
        .observer(events)
        .timeLimits(limits)
        .start();
  }

  @Test
  void doesNotEndBeforeDataThatIsNotRead() throws Exception {
    for (List<String> records : List.of(List.of("xy"), List.of("x", "y"))) {
      var failure = new CompletableFuture<Throwable>();
      try (Server server = startFailing(TimeLimits.NONE, failure);
          TlsPeer peer = TlsPeer.connect(server, engine("TLSv1.3"))) {
        for (String record : records) {
          peer.send(peer.record(record));
        }
        assertEquals(
            "data that is not read comes before the end of TLS",
            failure.get(10, SECONDS).getMessage());
      }
    }
    events.awaitClosed(2).forEach(e -> assertInstanceOf(CloseReason.Malformed.class, e.reason()));
  }

  @Test
  void isNoneIfThePeerClosesInstead() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    try (Server server = startFailing(TimeLimits.NONE, failure)) {
      try (TlsPeer peer = TlsPeer.connect(server, engine("TLSv1.3"))) {
        peer.send(peer.record("x"));
        peer.finish();
        assertInstanceOf(CloseReason.Truncated.class, events.awaitReason());
      }
    }
  }

  @Test
  void isCutIfThePeerDoesNotEndItInTime() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    try (Server server = startFailing(TimeLimits.NONE.handshake(Duration.ofMillis(500)), failure);
        TlsPeer peer = TlsPeer.connect(server, engine("TLSv1.3"))) {
      peer.send(peer.record("x"));
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE), events.awaitReason());
    }
  }

  @Test
  void cannotEndWhereItIsNot() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    Handler ends =
        connection ->
            failure.complete(assertThrows(IllegalStateException.class, connection::endTls));
    try (Server server = start(Listen.tcp("127.0.0.1", 0), ends);
        Client client = Client.connect(server)) {
      assertEquals("", client.receiveAll());
      assertTrue(failure.get(10, SECONDS).getMessage().endsWith("does not speak TLS"));
    }
  }

  /** As much of FTP (RFC 959, 4217) as curl wants for the size of a file. */
  private void serveFtp(Connection connection) throws IOException {
    Lines lines = Lines.crlf(connection, 512);
    lines.write("220 ready");
    for (String line; (line = lines.read()) != null; ) {
      String command = line.split(" ")[0];
      commands.add(command + (connection.tls().isPresent() ? " by TLS" : ""));
      lines.write(
          switch (command) {
            case "AUTH" -> "234 go ahead";
            case "USER" -> "331 password?";
            case "PASS" -> "230 welcome";
            case "PWD" -> "257 \"/\" is the folder";
            case "SIZE" -> "213 4711";
            case "MDTM" -> "213 20200101000000";
            case "REST" -> "350 go ahead";
            case "QUIT" -> "221 goodbye";
            default -> "200 fine";
          });
      switch (command) {
        case "AUTH" -> connection.startTls(tls.tls());
        case "CCC" -> connection.endTls();
        default -> {
          // It is answered.
        }
      }
    }
  }

  private final BlockingQueue<String> commands = new LinkedBlockingQueue<>();

  /** In its passive mode, curl 7.88 goes on in plain without an end of its TLS. */
  @Test
  void isEndedByCurlThatClearsTheCommandChannelOfFtp() throws Exception {
    Machine.needs("curl");
    try (Server server = start(Listen.tcp("127.0.0.1", 0), this::serveFtp)) {
      String url = "ftp://127.0.0.1:%d/file".formatted(server.port());
      Process curl =
          new ProcessBuilder(
                  List.of(
                      "curl",
                      "-sS",
                      "-v",
                      "-k",
                      "--ssl-reqd",
                      "--ftp-ssl-ccc",
                      "--ftp-ssl-ccc-mode",
                      "active",
                      "--max-time",
                      "10",
                      "-I",
                      url))
              .redirectErrorStream(true)
              .start();
      String said = new String(curl.getInputStream().readAllBytes(), US_ASCII);
      assertTrue(curl.waitFor(20, TimeUnit.SECONDS), said);
      assertTrue(said.contains("Content-Length: 4711"), said);
      assertTrue(commands.contains("CCC by TLS"), commands::toString);
      assertTrue(commands.contains("SIZE"), commands::toString);
    }
  }
}
