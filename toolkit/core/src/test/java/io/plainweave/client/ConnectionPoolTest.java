package io.plainweave.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.InHandlers;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.framing.Lines;
import io.plainweave.internal.time.Ticks;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A pool of connections")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionPoolTest {
  private final List<Client> accepted = new ArrayList<>();
  private ServerSocket target;
  private InHandlers handlers;
  private ConnectionPool pool;

  @BeforeEach
  void start() throws Exception {
    target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    target.setSoTimeout(10_000);
    handlers = InHandlers.start();
    pool = new ConnectionPool(connector(), PoolLimits.DEFAULT.maxOpen(2));
  }

  @AfterEach
  void close() throws Exception {
    pool.close();
    handlers.close();
    for (Client client : accepted) {
      client.close();
    }
    target.close();
  }

  private Connector connector() {
    return Connector.tcp("127.0.0.1", target.getLocalPort());
  }

  private Client accept() throws IOException {
    var client = new Client(target.accept());
    client.socket().setSoTimeout(10_000);
    accepted.add(client);
    return client;
  }

  private ConnectionPool.Lease borrow() throws Exception {
    return handlers.call(pool::borrow);
  }

  /** Borrows a connection, gives it back and returns it. */
  private Connection use() throws Exception {
    try (ConnectionPool.Lease lease = borrow()) {
      Connection connection = lease.connection();
      lease.giveBack();
      return connection;
    }
  }

  // @start region="ask"
  private static String ask(ConnectionPool pool, String question) throws Exception {
    try (ConnectionPool.Lease lease = pool.borrow()) {
      Lines lines = Lines.of(lease.connection(), 1_000);
      lines.write(question);
      String answer = lines.read();
      lease.giveBack();
      return answer;
    }
  }

  // @end

  @Test
  void lendsTheSameConnectionAgain() throws Exception {
    Future<String> first = handlers.submit(() -> ask(pool, "one"));
    Client upstream = accept();
    assertEquals("one\n", upstream.receive(4));
    upstream.send("1\n");
    assertEquals("1", first.get());
    assertEquals(1, pool.idle());
    Future<String> second = handlers.submit(() -> ask(pool, "two"));
    assertEquals("two\n", upstream.receive(4));
    upstream.send("2\n");
    assertEquals("2", second.get());
  }

  @Test
  void opensNoMoreThanThereMayBe() throws Exception {
    try (ConnectionPool.Lease one = borrow();
        ConnectionPool.Lease two = borrow()) {
      assertNotSame(one.connection(), two.connection());
      Future<ConnectionPool.Lease> third = handlers.submit(pool::borrow);
      Connection returned = two.connection();
      await().until(() -> pool.waiting() == 1);
      two.giveBack();
      try (ConnectionPool.Lease lease = third.get(10, TimeUnit.SECONDS)) {
        assertSame(returned, lease.connection());
      }
    }
  }

  @Test
  void servesThoseWhoWaitInTheirOrder() throws Exception {
    pool.close();
    pool = new ConnectionPool(connector(), PoolLimits.DEFAULT.maxOpen(1));
    var served = new LinkedBlockingQueue<Integer>();
    List<Future<?>> waiting = new ArrayList<>();
    try (ConnectionPool.Lease lease = borrow()) {
      for (int i = 0; i < 5; i++) {
        int turn = i;
        waiting.add(
            handlers.submit(() -> {
              try (ConnectionPool.Lease own = pool.borrow()) {
                served.add(turn);
                own.giveBack();
                return null;
              }
            }));
        int queued = i + 1;
        await().until(() -> pool.waiting() == queued);
      }
      lease.giveBack();
    }
    for (Future<?> one : waiting) {
      one.get(10, TimeUnit.SECONDS);
    }
    assertEquals(List.of(0, 1, 2, 3, 4), List.copyOf(served));
  }

  @Test
  void saysThatAllAreInUse() throws Exception {
    PoolLimits limits = PoolLimits.DEFAULT.maxOpen(1).borrowTimeout(Duration.ofMillis(50));
    try (var small = new ConnectionPool(connector(), limits);
        ConnectionPool.Lease _ = handlers.call(small::borrow)) {
      var failure = assertThrows(ConnectException.class, () -> handlers.call(small::borrow));
      assertEquals(
          "cannot connect to "
              + connector()
              + ": all 1 connections of the pool were in use for 50"
              + " ms",
          failure.getMessage());
    }
  }

  @Test
  void resetsWhatIsNotGivenBack() throws Exception {
    Connection first;
    try (ConnectionPool.Lease lease = borrow()) {
      first = lease.connection();
    }
    assertTrue(accept().seesReset());
    assertEquals(0, pool.idle());
    assertNotSame(first, use());
  }

  @Test
  void doesNotLendWhatThePeerHasClosedMeanwhile() throws Exception {
    Connection first = use();
    accept().close();
    // As soon as the news has come.
    await().until(() -> use() != first);
    assertEquals(1, pool.idle());
  }

  @Test
  void doesNotLendWhatThePeerHasSentSomethingIntoMeanwhile() throws Exception {
    Connection first = use();
    Client upstream = accept();
    upstream.send("421 closing for lack of activity\r\n");
    await().until(() -> first.input().available() > 0);
    assertNotSame(first, use());
    assertEquals("", upstream.receiveAll());
  }

  @Test
  void doesNotKeepWhatIsInTheMiddleOfAMessage() throws Exception {
    try (ConnectionPool.Lease lease = borrow()) {
      Client upstream = accept();
      upstream.send("half a mess");
      assertTrue(lease.connection().awaitMessage());
      lease.giveBack();
      assertTrue(upstream.seesReset());
    }
    assertEquals(0, pool.idle());
  }

  @Test
  void doesNotKeepWhatIsHalfClosed() throws Exception {
    try (ConnectionPool.Lease lease = borrow()) {
      lease.connection().finishOutput();
      lease.giveBack();
    }
    assertEquals(0, pool.idle());
  }

  @Test
  void sendsWhatWasWrittenWhenItTakesAConnectionBack() throws Exception {
    try (ConnectionPool.Lease lease = borrow()) {
      lease.connection().output().write("QUIET\n".getBytes(US_ASCII));
      lease.giveBack();
    }
    assertEquals("QUIET\n", accept().receive(6));
    assertEquals(1, pool.idle());
  }

  @Test
  void keepsAConnectionFromTheHandsOfWhoHasGivenItBack() throws Exception {
    try (ConnectionPool.Lease lease = borrow()) {
      lease.giveBack();
      lease.giveBack();
      assertThrows(IllegalStateException.class, lease::connection);
    }
    assertEquals(1, pool.idle());
  }

  @Test
  void closesTheIdleOnesThatAreTooMany() throws Exception {
    PoolLimits limits = PoolLimits.DEFAULT.maxIdle(1);
    try (var small = new ConnectionPool(connector(), limits)) {
      ConnectionPool.Lease one = handlers.call(small::borrow);
      ConnectionPool.Lease two = handlers.call(small::borrow);
      Client first = accept();
      accept();
      one.giveBack();
      two.giveBack();
      assertEquals("", first.receiveAll());
      assertEquals(1, small.idle());
    }
  }

  @Test
  void closesTheIdleOnesThatAreTooOld() throws Exception {
    Duration tick = Duration.ofMillis(Ticks.MILLIS);
    for (PoolLimits limits :
        List.of(PoolLimits.DEFAULT.idleTime(tick), PoolLimits.DEFAULT.maxAge(tick))) {
      try (var impatient = new ConnectionPool(connector(), limits)) {
        ConnectionPool.Lease lease = handlers.call(impatient::borrow);
        Connection first = lease.connection();
        lease.giveBack();
        Client upstream = accept();
        Ticks ticks = ServerInsides.ticks(handlers.server());
        int then = ticks.now();
        await().until(() -> ticks.now() > then);
        try (ConnectionPool.Lease other = handlers.call(impatient::borrow)) {
          assertNotSame(first, other.connection());
        }
        assertEquals("", upstream.receiveAll());
        accept();
      }
    }
  }

  @Test
  void asksBeforeItLendsAgain() throws Exception {
    var asked = new ArrayList<Connection>();
    ConnectionPool.Check check =
        connection -> {
          asked.add(connection);
          if (asked.size() == 2) {
            throw new IOException("of no use");
          }
          return asked.size() == 1;
        };
    try (var checking = new ConnectionPool(connector(), PoolLimits.DEFAULT, check)) {
      List<Connection> lent = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        try (ConnectionPool.Lease lease = handlers.call(checking::borrow)) {
          lent.add(lease.connection());
          lease.giveBack();
        }
      }
      assertSame(lent.get(0), lent.get(1));
      assertNotSame(lent.get(1), lent.get(2));
      assertNotSame(lent.get(2), lent.get(3));
      assertEquals(lent.subList(0, 3), asked);
    }
  }

  @Test
  void isClosedWithThoseWhoWait() throws Exception {
    use();
    Client idle = accept();
    ConnectionPool.Lease one = borrow();
    ConnectionPool.Lease two = borrow();
    accept();
    Future<ConnectionPool.Lease> third = handlers.submit(pool::borrow);
    await().until(() -> pool.waiting() == 1);
    pool.close();
    pool.close();
    var failure = assertThrows(ExecutionException.class, third::get);
    assertInstanceOf(IllegalStateException.class, failure.getCause());
    one.giveBack();
    two.giveBack();
    assertEquals("", idle.receiveAll());
    assertThrows(IllegalStateException.class, this::borrow);
  }

  @Test
  void servesAThreadThatIsNoHandlersWithAnotherConnection() throws Exception {
    Connection first = use();
    Client upstream = accept();
    try (ConnectionPool.Lease lease = pool.borrow()) {
      assertNotSame(first, lease.connection());
      assertEquals("", upstream.receiveAll());
    }
  }

  @Test
  void leavesNothingBehindItsServer() throws Exception {
    use();
    Client upstream = accept();
    handlers.server().close();
    assertEquals("", upstream.receiveAll());
    assertEquals(0, ServerInsides.registered(handlers.server()));
  }

  @Test
  void isEmptiedByTheCancellationOfItsServer() throws Exception {
    Connection first = use();
    Client upstream = accept();
    // Without a handler that is at work there would be nothing to cancel.
    handlers.submit(() -> {
      new CountDownLatch(1).await();
      return null;
    });
    await().until(() -> handlers.tasks().isEmpty());
    handlers.server().shutdownNow();
    assertTrue(upstream.seesReset());
    assertFalse(first.isOpen());
  }

  @Test
  void servesAnotherServerWithAnotherConnection() throws Exception {
    Connection first = use();
    try (InHandlers others = InHandlers.start();
        ConnectionPool.Lease lease = others.call(pool::borrow)) {
      assertNotSame(first, lease.connection());
    }
  }

  @Test
  void isLeftAloneByTheTimeLimitsOfTheServer() throws Exception {
    TimeLimits limits = TimeLimits.DEFAULT.idle(Duration.ofMillis(Ticks.MILLIS));
    handlers.server().changeTimeLimits(limits);
    Connection first = use();
    Ticks ticks = ServerInsides.ticks(handlers.server());
    int then = ticks.now();
    // As long as the limit of a connection whose handler waits, two seconds and more.
    await().until(() -> ticks.now() > then + 25);
    assertSame(first, use());
  }

  @Test
  void lendsAgainWhatSpeaksTls(@TempDir Path folder) throws Exception {
    TlsServer tls = TlsServer.in(folder);
    try (Server upstream =
            Server.builder()
                .listen(tls.listen())
                .handler(connection -> connection.input().transferTo(connection.output()))
                .start();
        var secured =
            new ConnectionPool(
                Connector.tcp("localhost", upstream.port()).tls(tls.clientTls()),
                PoolLimits.DEFAULT)) {
      // What TLS itself sends after the handshake (session tickets) is nothing unexpected.
      handlers.call(() -> {
        secured.borrow().giveBack();
        return null;
      });
      for (String question : List.of("one", "two")) {
        assertEquals(question, handlers.call(() -> ask(secured, question)));
      }
      assertEquals(1, upstream.connections());
    }
  }

  @Test
  void refusesLimitsThatAreNone() {
    assertThrows(IllegalArgumentException.class, () -> PoolLimits.DEFAULT.maxOpen(0));
    assertThrows(IllegalArgumentException.class, () -> PoolLimits.DEFAULT.maxIdle(-1));
    Duration below = Duration.ofMillis(-1);
    assertThrows(IllegalArgumentException.class, () -> PoolLimits.DEFAULT.idleTime(below));
    assertThrows(IllegalArgumentException.class, () -> PoolLimits.DEFAULT.maxAge(below));
    assertThrows(IllegalArgumentException.class, () -> PoolLimits.DEFAULT.borrowTimeout(below));
  }
}
