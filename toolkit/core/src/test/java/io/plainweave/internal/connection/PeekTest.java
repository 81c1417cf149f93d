package io.plainweave.internal.connection;

import static io.plainweave.fixture.TlsServer.send;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionProbe;
import io.plainweave.fixture.TlsTest;
import io.plainweave.fixture.UnixClient;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A peek")
class PeekTest extends TlsTest {
  // @start region="peek"
  /** Serves what is asked for by HTTP, and echoes all else. */
  static void serve(Connection connection) throws IOException {
    if (Arrays.equals(connection.peek(4), "GET ".getBytes(US_ASCII))) {
      connection.output().write("HTTP/1.0 200 OK\r\n\r\nhello\n".getBytes(US_ASCII));
    } else {
      connection.input().transferTo(connection.output());
    }
  }

  // @end

  private static Server startPlain(Handler handler) throws Exception {
    return Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(handler).start();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, US_ASCII);
  }

  /** Looks at the bytes between all kinds of reads, and takes them all. */
  private static String lookAndRead(Connection connection) throws IOException {
    var seen = new StringBuilder();
    seen.append(text(connection.peek(1))).append(text(connection.peek(4))).append('|');
    seen.append((char) connection.input().read()).append('|');
    seen.append(text(connection.peek(2))).append('|');
    seen.append(text(connection.input().readNBytes(3))).append('|');
    seen.append(text(connection.peek(5))).append('|');
    byte[] line = new byte[9];
    int size = 0;
    do {
      size += connection.readUntil((byte) '\n', line, size, line.length - size);
    } while (line[size - 1] != '\n');
    seen.append(new String(line, 0, size, US_ASCII)).append('|');
    seen.append(text(connection.peek(3))).append('|');
    Lines lines = Lines.of(connection, 9);
    seen.append(lines.read()).append('|');
    seen.append(text(connection.peek(9))).append('|').append(lines.read());
    return seen.append(text(connection.peek(1))).toString();
  }

  private static final String SENT = "abcdefg\nxyz\nend";
  private static final String SEEN = "aabcd|a|bc|bcd|efg\nx|efg\n|xyz|xyz|end|end";

  private record Accepted(Connection connection, CompletableFuture<String> seen) {}

  private final BlockingQueue<Accepted> accepted = new LinkedBlockingQueue<>();

  private void look(Connection connection) {
    var peer = new Accepted(connection, new CompletableFuture<>());
    accepted.add(peer);
    try {
      peer.seen.complete(lookAndRead(connection));
    } catch (IOException | RuntimeException e) {
      peer.seen.completeExceptionally(e);
    }
  }

  @Test
  void tellsProtocolsApart() throws Exception {
    try (Server server = startPlain(PeekTest::serve)) {
      try (Client client = Client.connect(server)) {
        client.send("GET / HTTP/1.0\r\n\r\n");
        client.finish();
        assertEquals("HTTP/1.0 200 OK\r\n\r\nhello\n", client.receiveAll());
      }
      try (Client client = Client.connect(server)) {
        client.exchange("GOT it");
      }
      try (Client client = Client.connect(server)) {
        client.send("GE");
        client.finish();
        assertEquals("GE", client.receiveAll());
      }
    }
  }

  @Test
  void leavesWhatItShowsToEveryReaderWhereverTheInputIsSplit() throws Exception {
    try (Server server = startPlain(this::look)) {
      for (int i = 0; i < SENT.length(); i++) {
        try (Client client = Client.connect(server)) {
          client.socket().setTcpNoDelay(true);
          Accepted peer = accepted.poll(10, SECONDS);
          if (i > 0) {
            client.send(SENT.substring(0, i));
            ConnectionProbe.awaitReceived(peer.connection, i, new AtomicBoolean());
          }
          client.send(SENT.substring(i));
          client.finish();
          assertEquals(SEEN, peer.seen.get(10, SECONDS), "split at " + i);
        }
      }
    }
  }

  @Test
  void showsBytesThatComeOneByOne() throws Exception {
    try (Server server = startPlain(this::look);
        Client client = Client.connect(server)) {
      client.socket().setTcpNoDelay(true);
      Accepted peer = accepted.poll(10, SECONDS);
      for (int i = 0; i < SENT.length(); i++) {
        client.send(SENT.substring(i, i + 1));
        ConnectionProbe.awaitReceived(peer.connection, i + 1, new AtomicBoolean());
      }
      client.finish();
      assertEquals(SEEN, peer.seen.get(10, SECONDS));
    }
  }

  @Test
  void looksIntoTls() throws Exception {
    for (String version : List.of("TLSv1.2", "TLSv1.3")) {
      try (Server server = start(this::look);
          SSLSocket client = tls.connect(server, version)) {
        Accepted peer = accepted.poll(10, SECONDS);
        send(client, SENT.substring(0, 3));
        ConnectionProbe.awaitReceived(peer.connection, 3, new AtomicBoolean());
        send(client, SENT.substring(3));
        client.shutdownOutput();
        assertEquals(SEEN, peer.seen.get(10, SECONDS));
      }
    }
  }

  @Test
  void looksAtTheBytesOfAUnixSocket(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("peek.sock");
    try (Server server = Server.builder().listen(Listen.unix(path)).handler(this::look).start();
        UnixClient client = UnixClient.connect(path)) {
      Accepted peer = accepted.poll(10, SECONDS);
      client.send(SENT.substring(0, 3));
      ConnectionProbe.awaitReceived(peer.connection, 3, new AtomicBoolean());
      client.send(SENT.substring(3));
      client.finish();
      assertEquals(SEEN, peer.seen.get(10, SECONDS));
    }
  }

  @Test
  void showsAllThatFitsIntoABuffer() throws Exception {
    String sent = "0123456789abcdef".repeat(1024) + "more";
    var seen = new CompletableFuture<String>();
    Handler looks =
        connection -> {
          connection.input().readNBytes(3);
          seen.complete(text(connection.peek(16_384)));
          connection.input().transferTo(connection.output());
        };
    try (Server server = startPlain(looks);
        Client client = Client.connect(server)) {
      client.send(sent);
      assertEquals(sent.substring(3, 16_387), seen.get(10, SECONDS));
      client.finish();
      assertEquals(sent.substring(3), client.receiveAll());
    }
  }

  @Test
  void showsNothingAtTheEnd() throws Exception {
    var seen = new CompletableFuture<String>();
    Handler looks =
        connection -> seen.complete(text(connection.peek(7)) + connection.input().read());
    try (Server server = startPlain(looks);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("-1", seen.get(10, SECONDS));
      assertEquals("", client.receiveAll());
    }
  }

  @Test
  void isEndedByTheDrainBeforeItsFirstByte() throws Exception {
    var looking = new CompletableFuture<Connection>();
    Handler looks =
        connection -> {
          looking.complete(connection);
          connection.peek(7);
        };
    Server server = start(Listen.tcp("127.0.0.1", 0), looks);
    try (Client client = Client.connect(server)) {
      looking.get(10, SECONDS);
      server.close();
      assertEquals("", client.receiveAll());
      assertEquals(new CloseReason.Drained(), events.awaitReason());
    }
  }

  @Test
  void isRefusedIfItIsAtNothingOrAtMoreThanABuffer() throws Exception {
    var messages = new CompletableFuture<List<String>>();
    Handler looks =
        connection ->
            messages.complete(
                List.of(
                    assertThrows(IllegalArgumentException.class, () -> connection.peek(0))
                        .getMessage(),
                    assertThrows(IllegalArgumentException.class, () -> connection.peek(16_385))
                        .getMessage()));
    try (Server server = startPlain(looks);
        Client client = Client.connect(server)) {
      assertEquals(
          List.of("a peek is at 1 to 16,384 bytes: 0", "a peek is at 1 to 16,384 bytes: 16385"),
          messages.get(10, SECONDS));
      assertEquals("", client.receiveAll());
    }
  }
}
