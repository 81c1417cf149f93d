package io.plainweave;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Frames;
import io.plainweave.framing.LengthPrefix;
import io.plainweave.framing.Lines;
import io.plainweave.framing.MessageReader;
import io.plainweave.server.Server;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Two streams that are no plain connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DuplexTest {
  private final ClosedConnections closed = new ClosedConnections();

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(US_ASCII));
  }

  // Streams of their own

  @Test
  void areReadAndWrittenAsLines() throws Exception {
    Process cat = new ProcessBuilder("cat").start();
    // @start region="of"
    try (Duplex process = Duplex.of(cat.getInputStream(), cat.getOutputStream())) {
      Lines lines = Lines.of(process, 1_000);
      lines.write("hello"); // leaves when this thread waits for input
      assertEquals("hello", lines.read());
      process.finishOutput();
      assertNull(lines.read());
    }
    // @end
    assertEquals(0, cat.waitFor());
  }

  @Test
  void carryAllFramings() throws Exception {
    var out = new ByteArrayOutputStream();
    Duplex duplex = Duplex.of(bytes("\0\3abcone;two;!!1234\r\n"), out);
    Frames counted = Frames.lengthPrefixed(duplex, LengthPrefix.U16_BIG_ENDIAN, 10);
    assertEquals("abc", new String(counted.read(), US_ASCII));
    Frames delimited = Frames.delimited(duplex, new byte[] {';'}, 10);
    assertEquals("one", new String(delimited.read(), US_ASCII));
    assertEquals("two", new String(delimited.read(), US_ASCII));
    assertEquals("!!", new String(Frames.fixed(duplex, 2).read(), US_ASCII));
    assertEquals(1234, MessageReader.of(duplex).readNumber());
    assertFalse(duplex.awaitMessage());
    assertEquals(-1, duplex.input().read());
    counted.write("xyz".getBytes(US_ASCII));
    duplex.close();
    assertEquals("\0\3xyz", out.toString(US_ASCII));
    assertThrows(IOException.class, () -> counted.write(new byte[1]));
  }

  @Test
  void tellAMessageThatIsCutFromAnEnd() {
    Duplex cut = Duplex.of(bytes("\5abc"), OutputStream.nullOutputStream());
    assertThrows(
        TruncatedMessageException.class,
        () -> Frames.lengthPrefixed(cut, LengthPrefix.U8, 10).read());
  }

  // Layers around a connection

  /** Serves lines that are compressed in both directions. */
  private static void serveZipped(Connection connection) throws IOException {
    // @start region="gzip"
    Duplex zipped =
        connection.through(GZIPInputStream::new, stream -> new GZIPOutputStream(stream, true));
    Lines lines = Lines.of(zipped, 1_000);
    for (String line; (line = lines.read()) != null; ) {
      lines.write("you said: " + line);
    }
    zipped.finishOutput();
    // @end
  }

  /** The other end, with the streams of the JDK alone. */
  private static final class ZippedClient implements AutoCloseable {
    private final Client client;
    private final GZIPOutputStream out;
    private InputStream in;

    ZippedClient(Server server) throws IOException {
      client = Client.connect(server);
      out = new GZIPOutputStream(client.socket().getOutputStream(), true);
    }

    void send(String text) throws IOException {
      out.write(text.getBytes(US_ASCII));
      out.flush();
    }

    String receive(int length) throws IOException {
      if (in == null) {
        in = new GZIPInputStream(client.socket().getInputStream());
      }
      return new String(in.readNBytes(length), US_ASCII);
    }

    /** Fails unless the stream is whole, with its trailer. */
    void assertAtEnd() throws IOException {
      assertEquals("", receive(1));
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  @Test
  void areCompressedByALayer() throws Exception {
    try (Server server = closed.start(DuplexTest::serveZipped);
        var peer = new ZippedClient(server)) {
      peer.send("one\n");
      assertEquals("you said: one\n", peer.receive(14));
      peer.send("two\nthr");
      assertEquals("you said: two\n", peer.receive(14));
      peer.send("ee\n");
      assertEquals("you said: three\n", peer.receive(16));
      peer.out.finish();
      peer.client.finish();
      peer.assertAtEnd();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void areDrainedBetweenTwoMessages() throws Exception {
    try (Server server = closed.start(DuplexTest::serveZipped);
        var peer = new ZippedClient(server)) {
      peer.send("one\n");
      assertEquals("you said: one\n", peer.receive(14));
      server.shutdown();
      peer.assertAtEnd();
      peer.client.finish();
      assertEquals(new CloseReason.Drained(), closed.next());
    }
  }

  @Test
  void areNotDrainedWithinAMessageOfWhichTheLayerHasTheBeginning() throws Exception {
    BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
    Handler handler =
        connection -> {
          connections.add(connection);
          serveZipped(connection);
        };
    try (Server server = closed.start(handler);
        var peer = new ZippedClient(server)) {
      peer.send("one\ntw"); // the layer gets both at once
      assertEquals("you said: one\n", peer.receive(14));
      server.shutdown();
      Connection connection = connections.take();
      await().until(connection::isDraining);
      assertFalse(peer.client.isAtEndWithin(Duration.ofMillis(500)));
      peer.send("o\n");
      assertEquals("you said: two\n", peer.receive(14));
      peer.assertAtEnd();
      peer.client.finish();
      assertEquals(new CloseReason.Drained(), closed.next());
    }
  }

  @Test
  void failIfTheLayerIsCutWithinAMessage() throws Exception {
    var failure = new CompletableFuture<IOException>();
    Handler handler =
        connection -> {
          try {
            serveZipped(connection);
          } catch (IOException e) {
            failure.complete(e);
            throw e;
          }
        };
    try (Server server = closed.start(handler);
        var peer = new ZippedClient(server)) {
      peer.send("one\ntw");
      assertEquals("you said: one\n", peer.receive(14));
      peer.client.finish();
      assertInstanceOf(TruncatedMessageException.class, failure.get());
      assertInstanceOf(CloseReason.Truncated.class, closed.next());
    }
  }

  @Test
  void haveTheTimeLimitsOfTheConnectionInside() throws Exception {
    Handler handler =
        connection -> {
          connection.changeTimeLimits(TimeLimits.NONE.message(Duration.ofMillis(300)));
          serveZipped(connection);
        };
    try (Server server = closed.start(handler);
        var peer = new ZippedClient(server)) {
      peer.send("one\ntw"); // and no more
      assertEquals("you said: one\n", peer.receive(14));
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.MESSAGE), closed.next());
    }
  }

  /** Notes what passes. */
  private record Trace(BlockingQueue<String> seen) {
    InputStream around(InputStream in) {
      return new FilterInputStream(in) {
        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
          int n = super.read(target, offset, length);
          seen.add(n < 0 ? "end" : "> " + new String(target, offset, n, US_ASCII));
          return n;
        }
      };
    }

    OutputStream around(OutputStream out) {
      return new FilterOutputStream(out) {
        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
          seen.add("< " + new String(source, offset, length, US_ASCII));
          out.write(source, offset, length);
        }
      };
    }
  }

  @Test
  void areSeenByATrace() throws Exception {
    var trace = new Trace(new LinkedBlockingQueue<>());
    Handler handler =
        connection -> {
          Duplex traced = connection.through(trace::around, trace::around);
          Lines lines = Lines.of(traced, 100);
          for (String line; (line = lines.read()) != null; ) {
            lines.write(line);
          }
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      client.exchange("hello\n");
      client.finish();
      assertEquals("", client.receiveAll());
      assertEquals(List.of("> hello\n", "< hello\n", "end"), List.copyOf(trace.seen));
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void lieAroundEachOther() throws Exception {
    var out = new ByteArrayOutputStream();
    try (Duplex inner = Duplex.of(bytes("hello\n"), out)) {
      Duplex outer =
          inner
              .through(stream -> stream, GZIPOutputStream::new)
              .through(stream -> stream, GZIPOutputStream::new);
      Lines lines = Lines.of(outer, 100);
      lines.write(lines.read());
      outer.close();
    }
    InputStream once = new GZIPInputStream(new ByteArrayInputStream(out.toByteArray()));
    assertEquals("hello\n", new String(new GZIPInputStream(once).readAllBytes(), US_ASCII));
  }

  @Test
  void areEndedByAnAbort() throws Exception {
    Handler handler =
        connection -> {
          Duplex layered = connection.through(stream -> stream, stream -> stream);
          layered.abort();
          layered.input().read();
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      assertTrue(client.wasResetAtOnce() || client.seesReset());
      assertEquals(new CloseReason.Aborted(), closed.next());
    }
  }

  // Relays

  @Test
  void areRelayedToAConnection() throws Exception {
    var result = new CompletableFuture<Relay.Result>();
    Handler handler =
        connection -> {
          Process process = new ProcessBuilder("tr", "a-z", "A-Z").start();
          try (Duplex upstream = Duplex.of(process.getInputStream(), process.getOutputStream())) {
            result.complete(Relay.between(connection, upstream));
          }
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      client.send("hello");
      client.finish();
      assertEquals("HELLO", client.receiveAll());
      assertEquals(new Relay.Result(5, 5), result.get());
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void areRelayedBehindALayer() throws Exception {
    byte[] much = "0123456789".repeat(100_000).getBytes(US_ASCII);
    try (Server plain = closed.start(c -> c.input().transferTo(c.output()));
        Server unzips =
            closed.start(connection -> {
              Duplex zipped =
                  connection.through(
                      GZIPInputStream::new, stream -> new GZIPOutputStream(stream, true));
              try (Connection upstream = Connector.tcp("127.0.0.1", plain.port()).connect()) {
                Relay.between(zipped, upstream);
              }
            });
        Client client = Client.connect(unzips)) {
      var sends =
          new FutureTask<>(() -> {
            var out = new GZIPOutputStream(client.socket().getOutputStream());
            out.write(much);
            out.finish();
            client.finish();
            return null;
          });
      Thread.startVirtualThread(sends);
      var in = new GZIPInputStream(client.socket().getInputStream());
      assertArrayEquals(much, in.readAllBytes());
      sends.get();
    }
  }

  @Test
  void failTogetherWithTheOtherSideOfARelay() throws Exception {
    var failure = new IOException("expected by this test");
    Handler handler =
        connection -> {
          var failing =
              new InputStream() {
                @Override
                public int read() throws IOException {
                  throw failure;
                }
              };
          try (Duplex upstream = Duplex.of(failing, OutputStream.nullOutputStream())) {
            Relay.between(connection, upstream);
          }
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      assertTrue(client.wasResetAtOnce() || client.seesReset());
      ClosedConnections.assertFailedWith(failure, closed.next());
    }
  }
}
