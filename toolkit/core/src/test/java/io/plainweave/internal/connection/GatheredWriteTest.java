package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.LimitedServer;
import io.plainweave.fixture.TlsTest;
import io.plainweave.fixture.UnixClient;
import io.plainweave.server.Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Buffers that are written together")
class GatheredWriteTest extends TlsTest {
  // @start region="gather"
  /** Writes a message behind its length. */
  static void send(Connection connection, ByteBuffer message) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(Integer.BYTES).putInt(message.remaining()).flip();
    connection.write(length, message);
  }

  // @end

  /** Of all kinds and sizes, with what they bring. */
  private static List<ByteBuffer> buffers(Random random, ByteArrayOutputStream expected) {
    List<ByteBuffer> buffers = new ArrayList<>();
    for (int i = random.nextInt(5); i >= 0; i--) {
      int size = random.nextInt(10) == 0 ? random.nextInt(400_000) : random.nextInt(9_000);
      byte[] content = new byte[random.nextInt(4) == 0 ? 0 : size];
      random.nextBytes(content);
      expected.writeBytes(content);
      ByteBuffer buffer =
          i % 2 == 0 ? ByteBuffer.allocate(size + 7) : ByteBuffer.allocateDirect(size + 7);
      buffer.position(3).put(content).flip().position(3);
      buffers.add(
          switch (random.nextInt(3)) {
            case 0 -> buffer.slice();
            case 1 -> buffer.asReadOnlyBuffer();
            default -> buffer;
          });
    }
    return buffers;
  }

  /** Writes bytes in all ways by turns; the content is that of the seed. */
  private static byte[] writeAll(Connection connection, long seed) throws IOException {
    var random = new Random(seed);
    var expected = new ByteArrayOutputStream();
    for (int i = 0; i < 60; i++) {
      byte[] some = new byte[random.nextInt(300)];
      random.nextBytes(some);
      connection.output().write(some);
      expected.writeBytes(some);
      List<ByteBuffer> buffers = buffers(random, expected);
      List<Integer> limits = buffers.stream().map(ByteBuffer::limit).toList();
      connection.write(buffers.toArray(ByteBuffer[]::new));
      assertEquals(limits, buffers.stream().map(ByteBuffer::position).toList());
      assertEquals(limits, buffers.stream().map(ByteBuffer::limit).toList());
    }
    return expected.toByteArray();
  }

  private final CompletableFuture<byte[]> written = new CompletableFuture<>();

  private void write(Connection connection) throws IOException {
    try {
      written.complete(writeAll(connection, 7));
    } catch (IOException | RuntimeException | AssertionError e) {
      written.completeExceptionally(e);
      throw e;
    }
  }

  @Test
  void comeInTheirOrderAmongAllThatIsWritten() throws Exception {
    try (Server server = start(Listen.tcp("127.0.0.1", 0), this::write);
        Client client = Client.connect(server)) {
      byte[] received = client.socket().getInputStream().readAllBytes();
      assertArrayEquals(written.get(10, SECONDS), received);
      assertEquals(received.length, events.awaitClosed(1).getFirst().sent());
    }
  }

  @Test
  void comeInTheirOrderByTls() throws Exception {
    try (Server server = start(this::write);
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      assertArrayEquals(client.getInputStream().readAllBytes(), written.get(10, SECONDS));
    }
  }

  @Test
  void comeInTheirOrderToAUnixSocket(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("gather.sock");
    try (Server server = start(Listen.unix(path), this::write);
        UnixClient client = UnixClient.connect(path)) {
      assertArrayEquals(client.input().readAllBytes(), written.get(10, SECONDS));
    }
  }

  @Test
  void comeInTheirOrderBehindABuffer() throws Exception {
    Handler buffers =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.bufferOutput(100_000);
            write(connection);
            scope.join();
          }
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), buffers);
        Client client = Client.connect(server)) {
      byte[] received = client.socket().getInputStream().readAllBytes();
      assertArrayEquals(written.get(10, SECONDS), received);
    }
  }

  @Test
  void areCollectedIfTheyAreFew() throws Exception {
    var sent = new CompletableFuture<Long>();
    Handler writes =
        connection -> {
          send(connection, ByteBuffer.wrap("hello".getBytes(US_ASCII)));
          sent.complete(((SocketConnection) connection).socketOutput().sent());
          connection.input().read();
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), writes);
        Client client = Client.connect(server)) {
      assertEquals(0, sent.get(10, SECONDS));
      assertEquals("\0\0\0\5hello", client.receive(9));
      client.finish();
    }
  }

  @Test
  void leaveAtOnceIfTheyAreMany() throws Exception {
    var done = new CompletableFuture<Long>();
    Handler writes =
        connection -> {
          connection.output().write('>');
          send(connection, ByteBuffer.allocate(20_000));
          done.complete(((SocketConnection) connection).socketOutput().sent());
        };
    try (Server server = start(Listen.tcp("127.0.0.1", 0), writes);
        Client client = Client.connect(server)) {
      assertEquals(20_005, done.get(10, SECONDS));
      assertEquals(20_005, client.receiveAll().length());
    }
  }

  @Test
  void areUnderTheLimitOfAWrite() throws Exception {
    Handler writes =
        connection ->
            connection.write(
                ByteBuffer.allocate(50_000_000), ByteBuffer.allocateDirect(50_000_000));
    try (Server server =
            LimitedServer.start(TimeLimits.NONE.writeStall(LimitedServer.SHORT), writes, events);
        Client client = Client.connect(server)) {
      events.assertEndedBy(TimeLimits.Kind.WRITE_STALL);
      client.seesReset();
    }
  }
}
