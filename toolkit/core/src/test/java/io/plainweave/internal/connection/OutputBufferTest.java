package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.TcpOptions;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.TlsTest;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Output that is kept while the peer does not read")
class OutputBufferTest extends TlsTest {
  private static final int REQUESTS = 20_000;
  private static final String PADDING = "x".repeat(90);

  // @start region="pipeline"
  static void serve(Connection connection) throws Exception {
    try (var scope = connection.openScope()) {
      scope.bufferOutput(64 * 1024 * 1024); // for clients that send everything before they read
      replyToAll(connection);
      scope.join(); // until all is sent
    }
  }

  // @end

  private static void replyToAll(Connection connection) throws IOException {
    Lines lines = Lines.of(connection, 1_000);
    for (String line; (line = lines.read()) != null; ) {
      lines.write("reply to " + line);
    }
  }

  private static Handler keeping(int maxBytes, Handler writes) {
    return connection -> {
      try (var scope = connection.openScope()) {
        scope.bufferOutput(maxBytes);
        writes.handle(connection);
        scope.join();
      }
    };
  }

  /** Of a listener, or a client's end, that buffers little. */
  private static final int LITTLE = 64 * 1024;

  private static TcpListen listen() {
    return Listen.tcp("127.0.0.1", 0)
        .options(TcpOptions.DEFAULT.receiveBuffer(LITTLE).sendBuffer(LITTLE));
  }

  private Server start(Handler handler, Duration writeStall, int eventLoops) throws Exception {
    return Server.builder()
        .listen(listen())
        .handler(handler)
        .observer(events)
        .timeLimits(TimeLimits.DEFAULT.writeStall(writeStall))
        .eventLoops(eventLoops)
        .drainTimeout(Duration.ofSeconds(10))
        .start();
  }

  private static Socket connect(Server server) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(LITTLE);
    socket.setSendBufferSize(LITTLE);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    return socket;
  }

  private static void sendAll(OutputStream out) throws IOException {
    var requests = new StringBuilder();
    for (int i = 0; i < REQUESTS; i++) {
      requests.append(i).append(PADDING).append('\n');
    }
    out.write(requests.toString().getBytes(US_ASCII));
    out.flush();
  }

  private static void receiveAll(Socket socket) throws IOException {
    var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
    for (int i = 0; i < REQUESTS; i++) {
      assertEquals("reply to " + i + PADDING, in.readLine());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void letsAClientSendAllRequestsBeforeItReadsAReply(int eventLoops) throws Exception {
    try (Server server = start(OutputBufferTest::serve, Duration.ofSeconds(30), eventLoops);
        Socket client = connect(server)) {
      for (int again = 0; again < 2; again++) {
        sendAll(client.getOutputStream());
        receiveAll(client);
      }
      client.shutdownOutput();
      assertEquals(-1, client.getInputStream().read());
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void doesSoByTls() throws Exception {
    Listen listen = listen().tls(tls.tls());
    try (Server server = start(listen, OutputBufferTest::serve);
        SSLSocket client = tls.connect(connect(server), "TLSv1.3")) {
      sendAll(client.getOutputStream());
      receiveAll(client);
      client.close();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void isNotKeptUnlessThatIsAsked() throws Exception {
    try (Server server = start(OutputBufferTest::replyToAll, Duration.ofSeconds(1), 0);
        Socket client = connect(server)) {
      assertThrows(IOException.class, () -> sendAll(client.getOutputStream()));
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.WRITE_STALL), events.awaitReason());
    }
  }

  @Test
  void isNotKeptBeyondTheLimit() throws Exception {
    Handler handler = keeping(100_000, OutputBufferTest::replyToAll);
    try (Server server = start(handler, Duration.ofSeconds(1), 0);
        Socket client = connect(server)) {
      assertThrows(IOException.class, () -> sendAll(client.getOutputStream()));
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.WRITE_STALL), events.awaitReason());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 100_000})
  void slowsTheHandlerDownBeyondTheLimit(int maxBytes) throws Exception {
    byte[] page = PADDING.repeat(1_000).getBytes(US_ASCII);
    Handler writes =
        connection -> {
          for (int i = 0; i < 20; i++) {
            connection.output().write(page);
          }
        };
    try (Server server = start(keeping(maxBytes, writes), Duration.ofSeconds(30), 0);
        Socket client = connect(server)) {
      assertEquals(20 * page.length, client.getInputStream().readAllBytes().length);
    }
  }

  @Test
  void isSentBeforeTheEndOfTheOutput() throws Exception {
    Handler finishes =
        keeping(
            10_000_000,
            connection -> {
              connection.output().write(new byte[5_000_000]);
              connection.finishOutput();
              connection.input().readAllBytes();
            });
    try (Server server = start(finishes, Duration.ofSeconds(30), 0);
        Socket client = connect(server)) {
      assertEquals(5_000_000, client.getInputStream().readAllBytes().length);
      client.shutdownOutput();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void isSentWhenTheServerDrains() throws Exception {
    var begun = new CountDownLatch(1);
    var read = new CompletableFuture<Integer>();
    Handler replies =
        keeping(
            10_000_000,
            connection -> {
              begun.countDown();
              connection.awaitMessage();
              connection.input().read();
              connection.endMessage();
              connection.output().write(new byte[5_000_000]);
              read.complete(connection.input().read());
            });
    try (Server server = start(replies, Duration.ofSeconds(30), 0);
        Socket client = connect(server)) {
      // Not before: the backlog of a listener that closes is reset.
      begun.await();
      client.getOutputStream().write(1);
      server.shutdown();
      assertEquals(-1, read.get());
      assertEquals(5_000_000, client.getInputStream().readAllBytes().length);
    }
  }

  @Test
  void isDroppedWithTheConnection() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    var writes = new CompletableFuture<Connection>();
    Handler waits =
        keeping(
            100_000,
            connection -> {
              writes.complete(connection);
              failure.complete(
                  assertThrows(
                      IOException.class, () -> connection.output().write(new byte[50_000_000])));
            });
    try (Server server = start(waits, Duration.ofSeconds(30), 0);
        Socket _ = connect(server)) {
      Connection connection = writes.get();
      await().until(() -> ((SocketConnection) connection).socketOutput().isSending());
      connection.abort();
      assertInstanceOf(ConnectionClosedException.class, failure.get());
      assertInstanceOf(CloseReason.Aborted.class, events.awaitReason());
    }
  }

  @Test
  void endsWithAnInterruptOfWhoWaitsForRoom() throws Exception {
    var interrupted = new CompletableFuture<Boolean>();
    var writes = new CompletableFuture<Thread>();
    Handler waits =
        keeping(
            100_000,
            connection -> {
              writes.complete(Thread.currentThread());
              assertThrows(
                  IOException.class, () -> connection.output().write(new byte[50_000_000]));
              interrupted.complete(Thread.interrupted());
            });
    try (Server server = start(waits, Duration.ofSeconds(30), 0);
        Socket _ = connect(server)) {
      Thread handler = writes.get();
      await().until(() -> handler.getState() == Thread.State.WAITING);
      handler.interrupt();
      assertTrue(interrupted.get());
      events.awaitReason();
    }
  }

  @Test
  void isSentBeforeTheOwnerClosesTheConnection() throws Exception {
    Handler closes =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.bufferOutput(10_000_000);
            connection.output().write(new byte[5_000_000]);
            connection.close();
            assertThrows(ConnectionClosedException.class, scope::join);
          }
        };
    try (Server server = start(closes, Duration.ofSeconds(30), 0);
        Socket client = connect(server)) {
      assertEquals(5_000_000, client.getInputStream().readAllBytes().length);
      client.shutdownOutput();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void isCutByACloseOfAnotherThread() throws Exception {
    var writes = new CompletableFuture<Connection>();
    Handler waits =
        keeping(
            10_000_000,
            connection -> {
              connection.output().write(new byte[5_000_000]);
              writes.complete(connection);
              connection.input().read();
            });
    try (Server server = start(waits, Duration.ofSeconds(30), 0);
        Socket client = connect(server)) {
      writes.get().close();
      assertThrows(IOException.class, () -> client.getInputStream().readAllBytes());
      assertInstanceOf(CloseReason.Aborted.class, events.awaitReason());
    }
  }

  @Test
  void isCutWhereTheScopeIsLeftWithoutAJoin() throws Exception {
    var left = new CompletableFuture<Throwable>();
    Handler leaves =
        connection -> {
          var scope = connection.openScope();
          scope.bufferOutput(10_000_000);
          connection.output().write(new byte[5_000_000]);
          left.complete(assertThrows(IllegalStateException.class, scope::close));
        };
    try (Server server = start(leaves, Duration.ofSeconds(30), 0);
        Socket client = connect(server)) {
      left.get(); // a client that reads before may have all of it by then
      assertThrows(IOException.class, () -> client.getInputStream().readAllBytes());
      assertInstanceOf(CloseReason.Aborted.class, events.awaitReason());
    }
  }

  @Test
  void comesFromAllThreadsUntilTheLastOfThemHasReturned() throws Exception {
    Handler forks =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.bufferOutput(10_000_000);
            OutputStream kept = connection.output();
            scope.forkBackground("waits", () -> new CompletableFuture<Void>().get());
            scope.fork(
                "replies",
                () -> {
                  connection.input().read();
                  kept.write(new byte[5_000_000]);
                });
            kept.write(1);
            scope.join();
            kept.write(2);
            connection.output().write(3);
          }
        };
    try (Server server = start(forks, Duration.ofSeconds(30), 0);
        Socket client = connect(server)) {
      assertEquals(1, client.getInputStream().read());
      client.getOutputStream().write(1);
      byte[] rest = client.getInputStream().readAllBytes();
      assertEquals(5_000_002, rest.length);
      assertEquals(2, rest[5_000_000]);
      assertEquals(3, rest[5_000_001]);
      client.shutdownOutput();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void needsALimitAndIsKeptOnce() throws Exception {
    Handler careless =
        connection -> {
          try (var scope = connection.openScope()) {
            assertThrows(IllegalArgumentException.class, () -> scope.bufferOutput(0));
            scope.bufferOutput(1);
            assertThrows(IllegalStateException.class, () -> scope.bufferOutput(1));
            scope.join();
          }
          connection.output().write(7);
        };
    try (Server server = start(careless, Duration.ofSeconds(30), 0);
        Socket client = connect(server)) {
      assertEquals(7, client.getInputStream().read());
      client.shutdownOutput();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }
}
