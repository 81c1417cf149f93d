package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionBusyException;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.client.Connector;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A connection that another thread closes")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ForeignCloseTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir private static Path folder;

  private final ConnectionEvents events = new ConnectionEvents();
  private final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
  private final CompletableFuture<Throwable> failure = new CompletableFuture<>();

  private ServerBuilder builder(Handler handler) {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .observer(events)
        .timeLimits(TimeLimits.NONE.linger(LONG))
        .handler(connection -> {
          connections.add(connection);
          try {
            handler.handle(connection);
          } catch (Throwable e) {
            failure.complete(e);
            throw e;
          }
        });
  }

  private Server start(Handler handler) throws Exception {
    return builder(handler).start();
  }

  private Connection nextConnection() throws InterruptedException {
    Connection connection = connections.poll(10, TimeUnit.SECONDS);
    assertTrue(connection != null, "no connection within 10 s");
    return connection;
  }

  private static void awaitActivity(Connection connection, ConnectionActivity activity) {
    await().until(() -> ((SocketConnection) connection).input().activity() == activity);
  }

  private static void awaitSending(Connection connection) {
    await().until(() -> ((SocketConnection) connection).socketOutput().isSending());
  }

  private void assertClosed(Class<? extends CloseReason> why) throws Exception {
    var closed =
        assertInstanceOf(
            ConnectionClosedException.class, failure.get(10, TimeUnit.SECONDS), "the failure");
    assertInstanceOf(why, closed.reason());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void failsItsReaderAndEndsInOrder(int loops) throws Exception {
    ServerBuilder builder = builder(connection -> connection.input().read());
    if (loops > 0) {
      builder.eventLoops(loops);
    }
    try (Server server = builder.start();
        Client client = Client.connect(server)) {
      Connection connection = nextConnection();
      awaitActivity(connection, ConnectionActivity.WAITING);
      connection.close();
      assertFalse(connection.isOpen());
      assertClosed(CloseReason.Finished.class);
      assertEquals("", client.receiveAll());
      client.finish();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
      assertEquals(0, server.connections());
    }
  }

  @Test
  void failsItsReaderOverTlsAndEndsInOrder() throws Exception {
    TlsServer tls = TlsServer.in(folder);
    try (Server server =
            Server.builder()
                .listen(tls.listen())
                .observer(events)
                .handler(connection -> {
                  connections.add(connection);
                  try {
                    connection.input().read();
                  } catch (IOException e) {
                    failure.complete(e);
                    throw e;
                  }
                })
                .start();
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      Connection connection = nextConnection();
      awaitActivity(connection, ConnectionActivity.WAITING);
      connection.close();
      assertClosed(CloseReason.Finished.class);
      assertEquals("", TlsServer.receiveAll(client));
      client.close();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void makesRoomForTheNextOne() throws Exception {
    try (Server server =
        builder(connection -> connection.input().transferTo(connection.output()))
            .admission(AdmissionRules.DEFAULT.maxConnections(3))
            .start()) {
      for (int i = 0; i < 9; i++) {
        try (Client client = Client.connect(server)) {
          client.exchange("hello");
          nextConnection().close();
          assertEquals("", client.receiveAll());
        }
      }
    }
    assertEquals(9, events.closed());
  }

  @Test
  void sendsWhatWasFlushed() throws Exception {
    byte[] reply = new byte[200_000];
    Handler repliesAndReads =
        connection -> {
          connection.output().write(reply);
          connection.output().flush();
          connection.input().read();
        };
    try (Server server = start(repliesAndReads);
        Client client = Client.connect(server)) {
      Connection connection = nextConnection();
      awaitActivity(connection, ConnectionActivity.WAITING);
      client.send("unread");
      connection.close();
      assertEquals(reply.length, client.receiveAll().length());
    }
  }

  @Test
  void isResetIfItsWriterIsCut() throws Exception {
    Handler writes =
        connection -> {
          while (true) {
            connection.output().write(new byte[100_000]);
          }
        };
    try (Server server = start(writes);
        Client client = Client.connect(server)) {
      Connection connection = nextConnection();
      awaitSending(connection);
      await().until(() -> ((SocketConnection) connection).channel().isAwaited());
      connection.close();
      assertClosed(CloseReason.Aborted.class);
      assertTrue(client.seesReset());
      assertInstanceOf(CloseReason.Aborted.class, events.awaitReason());
    }
  }

  @Test
  void isResetIfItsHandlerHasNotFlushedWhatItHasWritten() throws Exception {
    var written = new CountDownLatch(1);
    var closed = new CountDownLatch(1);
    Handler writesHalf =
        connection -> {
          connection.output().write("half a re".getBytes(US_ASCII));
          written.countDown();
          closed.await();
          connection.output().write("ply".getBytes(US_ASCII));
          connection.output().flush();
        };
    try (Server server = start(writesHalf);
        Client client = Client.connect(server)) {
      written.await();
      nextConnection().close();
      closed.countDown();
      assertTrue(client.seesReset());
      assertClosed(CloseReason.Aborted.class);
    }
  }

  @Test
  void readsNothingFromBehindAHole() throws Exception {
    var began = new CountDownLatch(1);
    var closed = new CountDownLatch(1);
    Handler readsOnLater =
        connection -> {
          connection.input().read();
          began.countDown();
          closed.await();
          connection.input().readAllBytes();
        };
    try (Server server = start(readsOnLater);
        Client client = Client.connect(server)) {
      client.send("x".repeat(100_000));
      began.await();
      nextConnection().close();
      closed.countDown();
      assertClosed(CloseReason.Finished.class);
    }
  }

  @Test
  void refusesToWriteOn() throws Exception {
    var closed = new CountDownLatch(1);
    Handler writesLater =
        connection -> {
          closed.await();
          connection.output().write(1);
        };
    try (Server server = start(writesLater);
        Client client = Client.connect(server)) {
      nextConnection().close();
      closed.countDown();
      assertClosed(CloseReason.Finished.class);
      assertEquals("", client.receiveAll());
    }
  }

  @Test
  void isClosedByTheTimeLimitIfItsHandlerDoesNotReturn() throws Exception {
    var over = new CountDownLatch(1);
    try (Server server =
            builder(_ -> over.await())
                .timeLimits(TimeLimits.NONE.linger(Duration.ofMillis(300)))
                .start();
        Client client = Client.connect(server)) {
      Connection connection = nextConnection();
      connection.close();
      assertEquals("", client.receiveAll());
      await().until(() -> !((SocketConnection) connection).channel().isOpen());
      over.countDown();
    }
  }

  @Test
  void thatAHandlerHasOpenedFailsItsReader() throws Exception {
    try (var target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var opened = new CompletableFuture<Connection>();
      Handler readsUpstream =
          connection -> {
            try (Connection upstream =
                Connector.tcp("127.0.0.1", target.getLocalPort()).connect()) {
              opened.complete(upstream);
              upstream.input().read();
            }
          };
      try (Server server = start(readsUpstream);
          Client _ = Client.connect(server);
          Socket upstream = target.accept()) {
        Connection connection = opened.get(10, TimeUnit.SECONDS);
        awaitActivity(connection, ConnectionActivity.WAITING);
        upstream.setSoTimeout(10_000);
        var closer = Thread.startVirtualThread(() -> assertClosesQuietly(connection));
        assertClosed(CloseReason.Finished.class);
        assertEquals(-1, upstream.getInputStream().read());
        upstream.close();
        closer.join();
        assertFalse(connection.isOpen());
      }
    }
  }

  private static void assertClosesQuietly(Connection connection) {
    try {
      connection.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void isClosedOnceHoweverManyDoIt() throws Exception {
    try (Server server = start(connection -> connection.input().read());
        Client client = Client.connect(server)) {
      Connection connection = nextConnection();
      awaitActivity(connection, ConnectionActivity.WAITING); // before, a close is an abort
      var closers = new Thread[8];
      for (int i = 0; i < closers.length; i++) {
        closers[i] = Thread.startVirtualThread(() -> assertClosesQuietly(connection));
      }
      assertEquals("", client.receiveAll());
      client.finish();
      for (Thread closer : closers) {
        closer.join();
      }
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void tellsASecondReaderThatItIsBusy() throws Exception {
    try (Server server = start(connection -> connection.input().read());
        Client client = Client.connect(server)) {
      Connection connection = nextConnection();
      awaitActivity(connection, ConnectionActivity.WAITING);
      assertThrows(ConnectionBusyException.class, () -> connection.input().read());
      client.send("x");
      client.finish();
      assertInstanceOf(CloseReason.Finished.class, events.awaitReason());
    }
  }

  @Test
  void ofAClientThatIsSlowToReadGetsItAllTheSame() throws Exception {
    // The handler's thread is in the middle of a write, and not in a wait, as long as there is
    // room.
    byte[] message = new byte[1_000];
    var stop = new CountDownLatch(1);
    Handler writes =
        connection -> {
          OutputStream output = connection.output();
          for (int i = 0; i < 20; i++) {
            output.write(message);
            output.flush();
          }
          stop.await();
          connection.input().read();
        };
    try (Server server = start(writes);
        Client client = Client.connect(server)) {
      Connection connection = nextConnection();
      await().until(() -> ((SocketConnection) connection).socketOutput().sent() == 20_000);
      connection.close();
      stop.countDown();
      assertEquals(20_000, client.receiveAll().length());
    }
  }
}
