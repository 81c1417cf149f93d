package io.plainweave.internal.connection;

import static io.plainweave.fixture.LimitedServer.SHORT;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.LimitedServer;
import io.plainweave.fixture.TlsTest;
import io.plainweave.fixture.UnixClient;
import io.plainweave.server.Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A file that is sent")
class SendFileTest extends TlsTest {
  private static final int SIZE = 3_000_000;

  // @start region="sendFile"
  /** Sends a file behind its length, in text. */
  static void send(Connection connection, FileChannel file) throws IOException {
    connection.output().write((file.size() + "\n").getBytes(US_ASCII));
    connection.sendFile(file, 0, file.size());
  }

  // @end

  @TempDir Path folder;

  private final byte[] content = new byte[SIZE];
  private FileChannel file;

  @BeforeEach
  void makeFile() throws IOException {
    new Random(3).nextBytes(content);
    Path path = Files.write(folder.resolve("file"), content);
    file = FileChannel.open(path, StandardOpenOption.READ);
  }

  @AfterEach
  void close() throws IOException {
    file.close();
  }

  private Server startPlain(Handler handler) throws Exception {
    return start(Listen.tcp("127.0.0.1", 0), handler);
  }

  /** Among other output, and by parts; what the file does not have is not sent. */
  private void sendParts(Connection connection) throws IOException {
    send(connection, file);
    connection.output().write('a');
    assertEquals(10, connection.sendFile(file, 5, 10));
    connection.output().write('b');
    assertEquals(0, connection.sendFile(file, SIZE, 10));
    assertEquals(0, connection.sendFile(file, SIZE + 7L, 10));
    assertEquals(0, connection.sendFile(file, 7, 0));
    assertEquals(3, connection.sendFile(file, SIZE - 3L, Long.MAX_VALUE));
    connection.output().write('c');
    assertEquals(0, file.position());
  }

  private void assertSent(byte[] received) {
    var expected = new ByteArrayOutputStream();
    expected.writeBytes((SIZE + "\n").getBytes(US_ASCII));
    expected.writeBytes(content);
    expected.write('a');
    expected.write(content, 5, 10);
    expected.write('b');
    expected.write(content, SIZE - 3, 3);
    expected.write('c');
    assertArrayEquals(expected.toByteArray(), received);
  }

  @Test
  void comesInItsOrder() throws Exception {
    try (Server server = startPlain(this::sendParts);
        Client client = Client.connect(server)) {
      byte[] received = client.socket().getInputStream().readAllBytes();
      assertSent(received);
      assertEquals(received.length, events.awaitClosed(1).getFirst().sent());
    }
  }

  @Test
  void comesByTls() throws Exception {
    try (Server server = start(this::sendParts);
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      assertSent(client.getInputStream().readAllBytes());
    }
  }

  @Test
  void comesToAUnixSocket() throws Exception {
    Path path = folder.resolve("file.sock");
    try (Server server = start(Listen.unix(path), this::sendParts);
        UnixClient client = UnixClient.connect(path)) {
      assertSent(client.input().readAllBytes());
    }
  }

  @Test
  void comesBehindABuffer() throws Exception {
    Handler buffers =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.bufferOutput(50_000);
            sendParts(connection);
            scope.join();
          }
        };
    try (Server server = startPlain(buffers);
        Client client = Client.connect(server)) {
      assertSent(client.socket().getInputStream().readAllBytes());
    }
  }

  @Test
  void mayBeOneWithoutASize() throws Exception {
    Machine.needsProc();
    Path proc = Path.of("/proc/self/limits");
    Handler sends =
        connection -> {
          try (FileChannel limits = FileChannel.open(proc)) {
            connection.sendFile(limits, 0, Long.MAX_VALUE);
          }
        };
    try (Server server = startPlain(sends);
        Client client = Client.connect(server)) {
      assertEquals(Files.readString(proc), client.receiveAll());
    }
  }

  @Test
  void isForManyConnectionsAtATime() throws Exception {
    try (Server server = startPlain(connection -> connection.sendFile(file, 0, SIZE));
        Client one = Client.connect(server);
        Client two = Client.connect(server)) {
      assertArrayEquals(content, one.socket().getInputStream().readAllBytes());
      assertArrayEquals(content, two.socket().getInputStream().readAllBytes());
    }
  }

  /** Much more than the buffers of the system take. */
  private void sendWithoutEnd(Connection connection) throws IOException {
    for (int i = 0; i < 100; i++) {
      connection.sendFile(file, 0, SIZE);
    }
  }

  @Test
  void isUnderTheLimitOfAWrite() throws Exception {
    try (Server server =
            LimitedServer.start(TimeLimits.NONE.writeStall(SHORT), this::sendWithoutEnd, events);
        Client client = Client.connect(server)) {
      events.assertEndedBy(TimeLimits.Kind.WRITE_STALL);
      assertTrue(client.seesReset());
      assertTrue(file.isOpen());
    }
  }

  @Test
  void staysOpenWhenItsSenderIsInterrupted() throws Exception {
    var sender = new CompletableFuture<Thread>();
    Handler sends =
        connection -> {
          sender.complete(Thread.currentThread());
          sendWithoutEnd(connection);
        };
    try (Server server = startPlain(sends);
        Client client = Client.connect(server)) {
      Thread thread = sender.get(10, SECONDS);
      awaitSending();
      thread.interrupt();
      assertTrue(client.seesReset(), "what is cut must not look whole");
      assertInstanceOf(CloseReason.Aborted.class, events.awaitReason());
      assertTrue(file.isOpen());
    }
  }

  private void awaitSending() {
    await().until(() -> !events.openConnections().isEmpty());
    var connection = (SocketConnection) events.openConnections().getFirst();
    await().until(() -> connection.channel().isAwaited());
  }

  @Test
  void isCutByACancelledServer() throws Exception {
    try (Server server = startPlain(this::sendWithoutEnd);
        Client client = Client.connect(server)) {
      awaitSending();
      server.shutdownNow();
      assertTrue(client.seesReset());
      assertInstanceOf(CloseReason.Cancelled.class, events.awaitReason());
      assertTrue(file.isOpen());
    }
  }

  @Test
  void isCutByAnAbortFromAnotherThread() throws Exception {
    try (Server server = startPlain(this::sendWithoutEnd);
        Client client = Client.connect(server)) {
      awaitSending();
      events.openConnections().getFirst().close();
      assertTrue(client.seesReset());
      assertInstanceOf(CloseReason.Aborted.class, events.awaitReason());
    }
  }

  @Test
  void meetsThePeersReset() throws Exception {
    try (Server server = startPlain(this::sendWithoutEnd);
        Client client = Client.connect(server)) {
      awaitSending();
      client.reset();
      assertInstanceOf(CloseReason.PeerReset.class, events.awaitReason());
      assertTrue(file.isOpen());
    }
  }

  @Test
  void leavesTheConnectionOpenIfItCannotBeRead() throws Exception {
    var failure = new CompletableFuture<IOException>();
    Handler sends =
        connection -> {
          file.close();
          failure.complete(
              assertThrows(IOException.class, () -> connection.sendFile(file, 0, SIZE)));
          connection.output().write("sorry".getBytes(US_ASCII));
        };
    try (Server server = startPlain(sends);
        Client client = Client.connect(server)) {
      assertEquals("sorry", client.receiveAll());
      assertInstanceOf(ClosedChannelException.class, failure.get(10, SECONDS));
      assertEquals(new CloseReason.Finished(), events.awaitReason());
    }
  }

  @Test
  void isRefusedIfItIsNoPart() throws Exception {
    var message = new CompletableFuture<String>();
    Handler sends =
        connection ->
            message.complete(
                assertThrows(IllegalArgumentException.class, () -> connection.sendFile(file, -1, 5))
                    .getMessage());
    try (Server server = startPlain(sends);
        Client client = Client.connect(server)) {
      assertEquals("", client.receiveAll());
      assertEquals("no part of a file begins at -1 and has 5 bytes", message.get(10, SECONDS));
    }
  }

  // Room

  private final AtomicInteger chunks = new AtomicInteger();
  private final AtomicBoolean awaitsRoom = new AtomicBoolean();

  // @start region="latest"
  /** Sends the score as often as the peer takes it, and never one that is out of date. */
  private static void follow(Connection connection, Supplier<String> score) throws IOException {
    while (connection.isOpen()) {
      connection.output().write(score.get().getBytes(US_ASCII));
      connection.awaitRoom();
    }
  }

  // @end

  @Test
  void letsTheLatestBeSent() throws Exception {
    var score = new AtomicInteger();
    try (Server server = startPlain(c -> follow(c, () -> score.incrementAndGet() + "\n"));
        Client client = Client.connect(server)) {
      assertEquals("1\n2\n3\n", client.receive(6));
    }
  }

  /** Sends without end, but never so that a write would have to wait. */
  private void sendAsThereIsRoom(Connection connection, int size) throws IOException {
    byte[] chunk = new byte[size];
    while (true) {
      awaitsRoom.set(true);
      connection.awaitRoom();
      awaitsRoom.set(false);
      Arrays.fill(chunk, (byte) chunks.get());
      connection.output().write(chunk);
      connection.output().flush();
      chunks.incrementAndGet();
    }
  }

  @Test
  void isNotTheOnlyOneToWaitForRoom() throws Exception {
    try (Server server = startPlain(connection -> sendAsThereIsRoom(connection, 1000));
        Client client = Client.connect(server)) {
      client.receive(1000);
      awaitStandstill();
      assertTrue(awaitsRoom.get());
      int before = chunks.get();
      client.receive(before * 1000 - 1000);
      client.receive(1000);
      assertTrue(chunks.get() > before);
    }
  }

  /** The reaper wakes nobody as long as there is no limit near. */
  private void awaitStandstill() {
    var last = new AtomicInteger(-1);
    await()
        .pollInterval(Duration.ofMillis(200))
        .until(() -> last.getAndSet(chunks.get()) == chunks.get() && awaitsRoom.get());
  }

  @Test
  void isUnderTheLimitOfAWriteAlsoWhereItAwaitsRoom() throws Exception {
    Handler sends = connection -> sendAsThereIsRoom(connection, 10_000_000);
    try (Server server = LimitedServer.start(TimeLimits.NONE.writeStall(SHORT), sends, events);
        Client client = Client.connect(server)) {
      events.assertEndedBy(TimeLimits.Kind.WRITE_STALL);
      assertTrue(client.seesReset());
    }
  }
}
