package io.plainweave.client;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.FullListener;
import io.plainweave.fixture.InHandlers;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A client")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ClientTest {
  private ServerSocket target;
  private Connector connector;

  @BeforeEach
  void listen() throws IOException {
    target = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    target.setSoTimeout(10_000);
    connector = Connector.tcp("127.0.0.1", target.getLocalPort());
  }

  @AfterEach
  void close() throws IOException {
    target.close();
  }

  private Socket accept() throws IOException {
    Socket accepted = target.accept();
    accepted.setSoTimeout(10_000);
    return accepted;
  }

  private static boolean seesReset(Socket peer) throws IOException {
    try {
      peer.getInputStream().readAllBytes();
      return false;
    } catch (SocketException reset) {
      return true;
    }
  }

  /** A call in a platform thread of its own, as in a program that knows no other. */
  private record Running<T>(Thread thread, FutureTask<T> call) {
    static <T> Running<T> start(Callable<T> callable) {
      var call = new FutureTask<T>(callable);
      return new Running<>(Thread.ofPlatform().start(call), call);
    }

    void awaitIn(String type) {
      await()
          .until(() ->
              Stream.of(thread.getStackTrace()).anyMatch(it -> it.getClassName().endsWith(type)));
    }

    T result() throws Exception {
      return call.get(10, TimeUnit.SECONDS);
    }

    <E extends Throwable> E thrown(Class<E> type) {
      return assertInstanceOf(
          type, assertThrows(ExecutionException.class, this::result).getCause());
    }
  }

  // @start region="client"
  private static String ask(Connector connector, String question) throws Exception {
    try (Client client = Client.open(TimeLimits.DEFAULT.idle(Duration.ofSeconds(10)));
        Connection connection = client.connect(connector)) {
      Lines lines = Lines.of(connection, 1_000);
      lines.write(question);
      return lines.read();
    }
  }

  // @end

  @Test
  void connectsLikeAHandler() throws Exception {
    Running<String> asking = Running.start(() -> ask(connector, "hello"));
    try (Socket peer = accept()) {
      peer.getInputStream().transferTo(peer.getOutputStream());
    }
    assertEquals("hello", asking.result());
  }

  @Test
  void connectsByTls(@TempDir Path folder) throws Exception {
    TlsServer tls = TlsServer.in(folder);
    try (Server echo =
        Server.builder()
            .listen(tls.listen())
            .handler(connection -> connection.input().transferTo(connection.output()))
            .start()) {
      Connector secured = Connector.tcp("localhost", echo.port()).tls(tls.clientTls());
      assertEquals("hello", ask(secured, "hello"));
    }
  }

  @Test
  void resetsWhatIsOpenWhenItIsClosed() throws Exception {
    Client client = Client.open();
    Connection connection = client.connect(connector);
    try (Socket peer = accept()) {
      Running<Integer> reading = Running.start(() -> connection.input().read());
      reading.awaitIn("ConnectionInput");
      client.close();
      assertEquals(
          new CloseReason.Cancelled(), reading.thrown(ConnectionClosedException.class).reason());
      assertFalse(connection.isOpen());
      assertTrue(seesReset(peer));
    }
  }

  @Test
  void endsTheCallsThatConnectWhenItIsClosed() throws Exception {
    try (FullListener full = FullListener.at(new InetSocketAddress("127.0.0.1", 0))) {
      Connector silent = Connector.tcp("127.0.0.1", full.port());
      endsWithItsClient(silent, "HappyEyeballs");
    }
    target.close();
    endsWithItsClient(connector.retryFor(Duration.ofHours(1)), "Backoff");
  }

  private static void endsWithItsClient(Connector connector, String where) throws Exception {
    try (Client client = Client.open()) {
      var interruptedBehind = new CompletableFuture<Boolean>();
      Running<Connection> connecting =
          Running.start(() -> {
            try {
              return client.connect(connector);
            } finally {
              interruptedBehind.complete(Thread.currentThread().isInterrupted());
            }
          });
      connecting.awaitIn(where);
      client.close();
      assertEquals(
          "cannot connect to " + connector + ": the client is closed",
          connecting.thrown(IllegalStateException.class).getMessage());
      assertFalse(interruptedBehind.get());
    }
  }

  @Test
  void leavesNothingOfCallsThatItsEndComesAcross() throws Exception {
    Running<Boolean> accepting = Running.start(this::acceptUntilClosed);
    for (int round = 0; round < 20; round++) {
      Client client = Client.open();
      List<Running<List<Connection>>> callers =
          Stream.generate(() -> Running.start(() -> connectsUntilClosed(client))).limit(4).toList();
      var first = client.connect(connector);
      client.close();
      assertFalse(first.isOpen());
      for (Running<List<Connection>> caller : callers) {
        assertTrue(caller.result().stream().noneMatch(Connection::isOpen));
      }
    }
    target.close();
    assertTrue(accepting.result());
  }

  private boolean acceptUntilClosed() throws IOException {
    while (true) {
      try {
        target.accept().close();
      } catch (SocketException closed) {
        return true;
      }
    }
  }

  /** Connects again and again; returns what was opened when that fails. */
  private List<Connection> connectsUntilClosed(Client client) throws Exception {
    List<Connection> opened = new ArrayList<>();
    while (true) {
      try {
        opened.add(client.connect(connector));
      } catch (IllegalStateException closed) {
        assertFalse(Thread.currentThread().isInterrupted());
        return opened;
      }
    }
  }

  @Test
  void leavesAnInterruptToTheThreadThatConnects() throws Exception {
    try (Client client = Client.open();
        FullListener full = FullListener.at(new InetSocketAddress("127.0.0.1", 0))) {
      Connector silent = Connector.tcp("127.0.0.1", full.port());
      Running<Connection> connecting = Running.start(() -> client.connect(silent));
      connecting.awaitIn("HappyEyeballs");
      connecting.thread.interrupt();
      assertEquals(
          "interrupted while connecting to " + silent,
          connecting.thrown(InterruptedException.class).getMessage());
    }
  }

  @Test
  void saysThatItIsClosed() throws Exception {
    Client client = Client.open();
    client.close();
    var failure = assertThrows(IllegalStateException.class, () -> client.connect(connector));
    assertEquals("cannot connect to " + connector + ": the client is closed", failure.getMessage());
  }

  @Test
  void isClosedByAnyThreadAsOftenAsItLikes() throws Exception {
    Client client = Client.open();
    client.connect(connector);
    Running<Boolean> other =
        Running.start(() -> {
          client.close();
          return true;
        });
    client.close();
    assertTrue(other.result());
    client.close();
  }

  @Test
  void isClosedToTheEndByAThreadThatIsInterrupted() throws Exception {
    Client client = Client.open();
    Connection connection = client.connect(connector);
    Thread.currentThread().interrupt();
    client.close();
    assertTrue(Thread.interrupted());
    assertFalse(connection.isOpen());
    assertEquals(1, ClientInsides.atWork(), "which is the shared one");
  }

  @Test
  void resetsAPeerThatSaysNothing() throws Exception {
    try (Client client = Client.open(TimeLimits.NONE.idle(Duration.ofMillis(100)));
        Connection connection = client.connect(connector);
        Socket peer = accept()) {
      var closed = assertThrows(ConnectionClosedException.class, () -> connection.input().read());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), closed.reason());
      assertTrue(seesReset(peer));
    }
  }

  @Test
  void resetsAPeerThatDoesNotRead() throws Exception {
    try (Client client = Client.open(TimeLimits.NONE.writeStall(Duration.ofMillis(100)));
        Connection connection = client.connect(connector);
        Socket _ = accept()) {
      var closed =
          assertThrows(
              ConnectionClosedException.class,
              () -> connection.output().write(new byte[20_000_000]));
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.WRITE_STALL), closed.reason());
    }
  }

  @Test
  void borrowsFromAPool() throws Exception {
    try (Client client = Client.open();
        var pool = new ConnectionPool(connector, PoolLimits.DEFAULT)) {
      Connection first;
      try (ConnectionPool.Lease lease = client.borrow(pool)) {
        first = lease.connection();
        lease.giveBack();
      }
      try (ConnectionPool.Lease lease = client.borrow(pool)) {
        assertSame(first, lease.connection());
      }
    }
  }

  @Test
  void endsTheConnectionsOfAPool() throws Exception {
    try (var pool = new ConnectionPool(connector, PoolLimits.DEFAULT)) {
      Client client = Client.open();
      try (ConnectionPool.Lease lease = client.borrow(pool)) {
        lease.giveBack();
      }
      try (Socket peer = accept()) {
        client.close();
        assertTrue(seesReset(peer));
      }
      assertThrows(IllegalStateException.class, () -> client.borrow(pool));
      try (ConnectionPool.Lease lease = pool.borrow()) {
        assertTrue(lease.connection().isOpen());
      }
    }
  }

  @Test
  void hasTheThreadsOfAConnectionConnectForIt() throws Exception {
    var second = new CompletableFuture<Connection>();
    Client client = Client.open();
    try (Connection connection = client.connect(connector)) {
      try (ConnectionScope scope = connection.openScope()) {
        scope.fork("connects", () -> second.complete(connector.connect()));
        scope.join();
      }
      client.close();
      assertFalse(second.get().isOpen());
    }
  }

  @Test
  void interruptsTheOwnerOfAScopeWhoseConnectionItResets() throws Exception {
    Client client = Client.open();
    Running<Boolean> waiting =
        Running.start(() -> {
          try (Connection connection = client.connect(connector);
              ConnectionScope scope = connection.openScope()) {
            scope.fork("waits", () -> new CountDownLatch(1).await());
            scope.join();
            return true;
          }
        });
    waiting.awaitIn("ConnectionThreads");
    client.close();
    assertEquals(
        new CloseReason.Cancelled(), waiting.thrown(ConnectionClosedException.class).reason());
  }

  @Test
  void interruptsTheOwnerOfAScopeWhoseConnectionIsReset() throws Exception {
    try (Client client = Client.open();
        Connection connection = client.connect(connector)) {
      Running<Boolean> waiting =
          Running.start(() -> {
            try (ConnectionScope scope = connection.openScope()) {
              scope.fork("waits", () -> new CountDownLatch(1).await());
              scope.join();
              return true;
            }
          });
      waiting.awaitIn("ConnectionThreads");
      connection.abort();
      assertEquals(
          new CloseReason.Aborted(), waiting.thrown(ConnectionClosedException.class).reason());
    }
  }

  @Test
  void interruptsTheOwnerOfAScopeOfAConnectionThatHasEnded() throws Exception {
    try (Client client = Client.open();
        Connection connection = client.connect(connector)) {
      connection.abort();
      Running<Boolean> waiting =
          Running.start(() -> {
            try (ConnectionScope scope = connection.openScope()) {
              scope.fork("waits", () -> new CountDownLatch(1).await());
              scope.join();
              return true;
            }
          });
      assertEquals(
          new CloseReason.Aborted(), waiting.thrown(ConnectionClosedException.class).reason());
    }
  }

  @Test
  void looksAtNoTimeWhileItHasNoConnection() throws Exception {
    try (Client client = Client.open(TimeLimits.NONE.idle(Duration.ofMillis(100)))) {
      for (int i = 0; i < 2; i++) {
        awaitRest();
        try (Connection connection = client.connect(connector)) {
          assertThrows(ConnectionClosedException.class, () -> connection.input().read());
        }
      }
      awaitRest();
    }
  }

  /** Waits until no client looks at the time: neither the one of a test nor the shared one. */
  private static void awaitRest() {
    await().until(() -> ClientInsides.atWork("awaitBegin") == 2);
  }

  @Test
  void keepsItsOwnLimitsInAHandler() throws Exception {
    try (InHandlers handlers = InHandlers.start(TimeLimits.NONE);
        Client client = Client.open(TimeLimits.NONE.idle(Duration.ofMillis(100)))) {
      assertThrows(
          ConnectionClosedException.class,
          () ->
              handlers.call(() -> {
                try (Connection connection = client.connect(connector)) {
                  return connection.input().read();
                }
              }));
    }
  }

  @Test
  void failsAsAConnectorDoes() throws Exception {
    target.close();
    try (Client client = Client.open()) {
      var failure = assertThrows(ConnectException.class, () -> client.connect(connector));
      assertEquals("cannot connect to " + connector + ": Connection refused", failure.getMessage());
    }
  }

  @Test
  void isSharedByThreadsThatHaveNoOther() throws Exception {
    Client before = Client.shared();
    try (Connection connection = connector.connect()) {
      assertSame(before, Client.shared());
      assertTrue(connection.isOpen());
    }
  }

  @Test
  void isReplacedIfTheSharedOneFails() throws Exception {
    Client before = Client.shared();
    // Against all expectation.
    before.home().pollers().close();
    await().until(() -> before.home().calls().areEnded());
    assertNotSame(before, Client.shared());
    before.close();
    try (Connection connection = connector.connect()) {
      assertTrue(connection.isOpen());
    }
  }
}
