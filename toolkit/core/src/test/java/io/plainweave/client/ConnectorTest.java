package io.plainweave.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.PeerResetException;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.FullListener;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Lines;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.socket.SelfConnection;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@DisplayName("A connector")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectorTest {
  /** Runs the code in a handler and returns what it throws; null if it returns. */
  private static Exception thrownInHandler(Handler handler) throws Exception {
    var thrown = new CompletableFuture<Exception>();
    Handler tells =
        connection -> {
          try {
            handler.handle(connection);
            thrown.complete(null);
          } catch (Exception e) {
            thrown.complete(e);
            throw e;
          }
        };
    try (Server server = start(TimeLimits.NONE, tells, new CompletableFuture<>());
        Client _ = Client.connect(server)) {
      return thrown.get(20, TimeUnit.SECONDS);
    }
  }

  private static Server start(
      TimeLimits limits, Handler handler, CompletableFuture<CloseReason> reason) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .timeLimits(limits)
        .drainTimeout(Duration.ofSeconds(10))
        .observer(event -> {
          if (event instanceof ServerEvent.ConnectionClosed closed) {
            reason.complete(closed.reason());
          }
        })
        .handler(handler)
        .start();
  }

  private static ServerSocket listen() throws IOException {
    var socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    socket.setSoTimeout(10_000);
    return socket;
  }

  /** A port at which nobody listens. */
  private static int closedPort() throws IOException {
    try (ServerSocket socket = listen()) {
      return socket.getLocalPort();
    }
  }

  @Test
  void isReadAsPeopleWriteIt() {
    assertEquals("db.example:5432", Connector.parse("db.example:5432").toString());
    assertEquals("[::1]:5432", Connector.parse("[::1]:5432").toString());
    assertEquals("localhost:5432", Connector.parse("5432").toString());
    assertEquals("unix:/run/a b.sock", Connector.parse("unix:/run/a b.sock").toString());
  }

  @Test
  void refusesASocketThatIsConnectedToItselfAndFreesItsPort() throws Exception {
    try (var socket = SocketChannel.open();
        var server = new ServerSocket()) {
      socket.bind(new InetSocketAddress("127.0.0.1", 0));
      SocketAddress address = socket.getLocalAddress();
      socket.connect(address);
      assertThrows(ConnectException.class, () -> SelfConnection.refuse(socket));
      // So that a connection in TIME_WAIT would be in the way.
      server.setReuseAddress(false);
      server.bind(address);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "localhost:", ":7000", "::1:7000", "a:0", "a:65536", "0"})
  void isRefusedWithTheValueInTheMessage(String text) {
    var failure = assertThrows(IllegalArgumentException.class, () -> Connector.parse(text));
    String value = text.startsWith("a:") ? text.substring(2) : text;
    assertTrue(failure.getMessage().contains(value), failure.getMessage());
  }

  // @start region="client"
  private static String ask(Connector connector, String question) throws Exception {
    try (Connection connection = connector.connect()) {
      Lines lines = Lines.of(connection, 1_000);
      lines.write(question);
      return lines.read();
    }
  }

  // @end

  @Test
  void connectsForAProgramThatIsNoServer() throws Exception {
    try (Server echo =
        start(
            TimeLimits.DEFAULT,
            connection -> connection.input().transferTo(connection.output()),
            new CompletableFuture<>())) {
      assertEquals("hello", ask(Connector.tcp("127.0.0.1", echo.port()), "hello"));
    }
  }

  @Test
  void saysWhereNobodyListens() throws Exception {
    Connector connector = Connector.tcp("127.0.0.1", closedPort());
    Exception failure = thrownInHandler(_ -> connector.connect());
    assertInstanceOf(ConnectException.class, failure);
    assertEquals("cannot connect to " + connector + ": Connection refused", failure.getMessage());
    assertInstanceOf(ConnectException.class, failure.getCause());
  }

  @Test
  void saysThatAHostIsUnknown() throws Exception {
    // No name, so that no name server is asked.
    Exception failure = thrownInHandler(_ -> Connector.tcp("[zz]", 80).connect());
    assertInstanceOf(ConnectException.class, failure);
    assertEquals("cannot connect to [zz]:80: the host is unknown", failure.getMessage());
  }

  private static FullListener full() throws IOException {
    return FullListener.at(new InetSocketAddress("127.0.0.1", 0));
  }

  @Test
  void givesUpWhenTheTimeIsOver() throws Exception {
    try (FullListener target = full()) {
      Connector connector =
          Connector.tcp("127.0.0.1", target.port()).connectTimeout(Duration.ofMillis(200));
      Exception failure = thrownInHandler(_ -> connector.connect());
      assertEquals("cannot connect to " + connector + ": no answer", failure.getMessage());
    }
  }

  @Test
  void isEndedByTheCancellationOfTheServer() throws Exception {
    try (FullListener target = full()) {
      endsWithItsServer(Connector.tcp("127.0.0.1", target.port()), "HappyEyeballs");
    }
  }

  /** Cancels a server while a handler of it connects, and stands in a certain class. */
  private static void endsWithItsServer(Connector connector, String where) throws Exception {
    var interrupted = new CompletableFuture<InterruptedException>();
    Handler connects =
        _ -> {
          try {
            connector.connect();
          } catch (InterruptedException e) {
            interrupted.complete(e);
            throw e;
          }
        };
    Server server = start(TimeLimits.NONE, connects, new CompletableFuture<>());
    try (Client _ = Client.connect(server)) {
      await().until(() -> handlerStandsIn(server, where));
      server.shutdownNow();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertEquals("interrupted while connecting to " + connector, interrupted.get().getMessage());
    }
  }

  private static boolean handlerStandsIn(Server server, String type) {
    return registered(server)
        .map(SocketConnection::position)
        .filter(Objects::nonNull)
        .flatMap(position -> position.stack().stream())
        .anyMatch(frame -> frame.getClassName().equals("io.plainweave.client." + type));
  }

  @Test
  void triesAgainUntilTheTargetIsThere() throws Exception {
    int port = closedPort();
    Connector connector = Connector.tcp("127.0.0.1", port).retryFor(Duration.ofSeconds(20));
    var connected = new CompletableFuture<Object>();
    Handler connects =
        _ -> {
          try (Connection connection = connector.connect()) {
            connected.complete(connection.remoteAddress());
          }
        };
    try (Server server = start(TimeLimits.NONE, connects, new CompletableFuture<>());
        Client _ = Client.connect(server)) {
      await().until(() -> handlerStandsIn(server, "Backoff"));
      try (var target = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
        target.accept().close();
        assertEquals(target.getLocalSocketAddress(), connected.get(20, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void triesAgainForALimitedTime() throws Exception {
    Connector connector = Connector.tcp("127.0.0.1", closedPort()).retryFor(Duration.ofMillis(50));
    Exception failure = thrownInHandler(_ -> connector.connect());
    assertEquals("cannot connect to " + connector + ": Connection refused", failure.getMessage());
  }

  @Test
  void doesNotTryAgainForACancelledServer() throws Exception {
    Connector connector = Connector.tcp("127.0.0.1", closedPort()).retryFor(Duration.ofHours(1));
    endsWithItsServer(connector, "Backoff");
  }

  @Test
  void beginsAtTheLocalAddress() throws Exception {
    try (ServerSocket target = listen()) {
      Connector connector =
          Connector.tcp("127.0.0.1", target.getLocalPort())
              .localAddress(InetAddress.ofLiteral("127.0.0.2"));
      Handler connects =
          _ -> {
            try (Connection connection = connector.connect();
                Socket accepted = target.accept()) {
              assertEquals(connection.localAddress(), accepted.getRemoteSocketAddress());
              assertEquals(InetAddress.ofLiteral("127.0.0.2"), accepted.getInetAddress());
            }
          };
      assertNull(thrownInHandler(connects));
    }
  }

  @Test
  void saysThatTheLocalAddressDoesNotFit() throws Exception {
    Machine.needsIpv6();
    InetAddress local = InetAddress.ofLiteral("::1");
    Connector connector = Connector.tcp("127.0.0.1", closedPort()).localAddress(local);
    assertEquals(
        "cannot connect to " + connector + ": it has no address of the family of 0:0:0:0:0:0:0:1",
        thrownInHandler(_ -> connector.connect()).getMessage());
    Connector unix = Connector.unix(Path.of("app.sock"));
    assertThrows(IllegalArgumentException.class, () -> unix.localAddress(local));
  }

  @Test
  void refusesTimesBelowZero() {
    Connector connector = Connector.tcp("localhost", 1);
    Duration below = Duration.ofMillis(-1);
    assertThrows(IllegalArgumentException.class, () -> connector.connectTimeout(below));
    assertThrows(IllegalArgumentException.class, () -> connector.retryFor(below));
  }

  @Test
  void whoseTargetIsDownResetsTheClientAndLeavesOneLineInTheLog() throws Exception {
    Connector connector = Connector.tcp("127.0.0.1", closedPort());
    var reason = new CompletableFuture<CloseReason>();
    var lines = new ListAppender<ILoggingEvent>();
    var log = (Logger) LoggerFactory.getLogger(Server.class);
    lines.start();
    log.addAppender(lines);
    try (Server server = start(TimeLimits.DEFAULT, _ -> connector.connect(), reason);
        Client client = Client.connect(server)) {
      assertTrue(client.seesReset());
      assertInstanceOf(CloseReason.UpstreamFailed.class, reason.get(10, TimeUnit.SECONDS));
    } finally {
      log.detachAppender(lines);
    }
    ILoggingEvent line =
        lines.list.stream()
            .filter(e -> e.getLevel().isGreaterOrEqual(Level.WARN))
            .findFirst()
            .get();
    assertEquals(Level.WARN, line.getLevel());
    assertNull(line.getThrowableProxy());
    assertTrue(
        line.getFormattedMessage().contains("cannot connect to " + connector),
        line.getFormattedMessage());
  }

  @Test
  void servesAHandlerWhileTheServerDrains() throws Exception {
    var reason = new CompletableFuture<CloseReason>();
    try (ServerSocket target = listen()) {
      Connector connector = Connector.tcp("127.0.0.1", target.getLocalPort());
      Handler asks =
          connection -> {
            int question = connection.input().read();
            try (Connection upstream = connector.connect()) {
              upstream.output().write(question);
              upstream.output().flush();
              upstream.input().transferTo(connection.output());
            }
          };
      try (Server server = start(TimeLimits.DEFAULT, asks, reason);
          Client client = Client.connect(server)) {
        client.send("?");
        try (var upstream = new Client(target.accept())) {
          assertEquals("?", upstream.receive(1));
          server.shutdown();
          assertFalse(server.awaitTermination(Duration.ofMillis(500)));
          upstream.send("the answer");
          upstream.finish();
          assertEquals("the answer", client.receiveAll());
        }
      }
      assertEquals(new CloseReason.Finished(), reason.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void doesNotLetAReplyThatNeverComesLookLikeOneThatHasEnded() throws Exception {
    var failure = new CompletableFuture<ConnectionClosedException>();
    try (ServerSocket target = listen()) {
      Connector connector = Connector.tcp("127.0.0.1", target.getLocalPort());
      Handler asks =
          _ -> {
            try (Connection upstream = connector.connect()) {
              upstream.input().read();
            } catch (ConnectionClosedException e) {
              failure.complete(e);
              throw e;
            }
          };
      TimeLimits limits =
          TimeLimits.NONE.idle(Duration.ofMillis(200)).firstByte(Duration.ofMillis(200));
      var reason = new CompletableFuture<CloseReason>();
      try (Server server = start(limits, asks, reason);
          Client _ = Client.connect(server);
          var upstream = new Client(target.accept())) {
        ConnectionClosedException closed = failure.get(10, TimeUnit.SECONDS);
        assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), closed.reason());
        assertTrue(upstream.seesReset());
        assertEquals(new CloseReason.UpstreamFailed(closed), reason.get(10, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void closesItsConnectionsWithTheBlockThatHasOpenedThem() throws Exception {
    try (ServerSocket target = listen()) {
      Connector connector = Connector.tcp("127.0.0.1", target.getLocalPort());
      Handler connectsOnAndOn =
          connection -> {
            for (int i = 0; i < 100; i++) {
              try (Connection upstream = connector.connect()) {
                upstream.output().write("hello".getBytes(US_ASCII));
                upstream.output().flush();
                assertEquals('!', upstream.input().read());
              }
            }
            connection.output().write('.');
          };
      var reason = new CompletableFuture<CloseReason>();
      try (Server server = start(TimeLimits.DEFAULT, connectsOnAndOn, reason);
          Client client = Client.connect(server)) {
        for (int i = 0; i < 100; i++) {
          try (var upstream = new Client(target.accept())) {
            upstream.send("!");
            assertEquals("hello", upstream.receiveAll());
          }
          assertTrue(registered(server).count() <= 2);
        }
        assertEquals(".", client.receiveAll());
        client.close();
        await().until(() -> registered(server).count() == 0);
      }
    }
  }

  private static Stream<SocketConnection> registered(Server server) {
    Stream.Builder<SocketConnection> all = Stream.builder();
    ServerInsides.registry(server).forEach(all);
    return all.build();
  }

  /** The writer hears of the reset, and the kernel tells of it once: what is read then ends. */
  @Test
  void readsTheReplyThatCameBeforeAResetButTakesItsEndForNone() throws Exception {
    try (ServerSocket server = listen()) {
      Thread replies =
          Thread.startVirtualThread(() -> {
            try (Socket accepted = server.accept()) {
              accepted.setSoLinger(true, 0);
              accepted.getInputStream().read();
              accepted.getOutputStream().write("413 too large".getBytes(US_ASCII));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      Connector connector = Connector.tcp("127.0.0.1", server.getLocalPort());
      try (Connection upstream = connector.connect()) {
        assertThrows(PeerResetException.class, () -> upstream.output().write(new byte[20_000_000]));
        assertEquals("413 too large", new String(upstream.input().readNBytes(13), US_ASCII));
        for (int i = 0; i < 2; i++) {
          ConnectionClosedException end =
              assertThrows(ConnectionClosedException.class, () -> upstream.input().read());
          assertInstanceOf(CloseReason.PeerReset.class, end.reason());
        }
      }
      replies.join();
    }
  }
}
