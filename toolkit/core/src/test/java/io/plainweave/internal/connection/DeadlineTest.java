package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.client.ConnectionPool;
import io.plainweave.client.Connector;
import io.plainweave.client.PoolLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.FullListener;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A deadline")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DeadlineTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration SHORT = Duration.ofMillis(150);
  private static final CloseReason LATE = new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE);

  private final ClosedConnections closed = new ClosedConnections();

  // The value

  @Test
  void isTheEarliestOfThoseThatHold() {
    assertEquals(Optional.empty(), Deadline.remaining());
    Deadline.in(Duration.ofMinutes(1))
        .call(() -> {
          assertLeft(Duration.ofMinutes(1));
          Deadline.in(DAY).call(() -> assertLeft(Duration.ofMinutes(1)));
          Deadline.in(Duration.ZERO).call(() -> assertLeft(Duration.ofMinutes(1)));
          Deadline.in(Duration.ofSeconds(5)).call(() -> assertLeft(Duration.ofSeconds(5)));
          return assertLeft(Duration.ofMinutes(1));
        });
    assertEquals(Optional.empty(), Deadline.remaining());
    assertEquals(Optional.empty(), Deadline.in(Duration.ZERO).call(Deadline::remaining));
  }

  private static boolean assertLeft(Duration about) {
    Duration left = Deadline.remaining().orElseThrow();
    assertTrue(left.compareTo(about) <= 0, left::toString);
    assertTrue(left.compareTo(about.minusSeconds(5)) > 0, left::toString);
    return true;
  }

  @Test
  void leavesNothingWhenItHasPassed() throws Exception {
    Deadline passed = Deadline.in(Duration.ofNanos(1));
    assertEquals(Optional.of(Duration.ZERO), passed.call(Deadline::remaining));
  }

  @Test
  void isNoNegativeTime() {
    var e = assertThrows(IllegalArgumentException.class, () -> Deadline.in(Duration.ofMillis(-1)));
    assertEquals("the timeout must not be negative: PT-0.001S", e.getMessage());
  }

  // Reads

  private static void greet(Connection connection) throws IOException {
    var lines = Lines.of(connection, 1_000);
    // @start region="exchange"
    String name;
    try {
      name = Deadline.in(Duration.ofMillis(300)).call(() -> lines.read());
    } catch (DeadlineExceededException e) {
      name = "whoever you are";
    }
    lines.write("Hello " + name);
    // @end
    connection.input().transferTo(connection.output());
  }

  @Test
  void endsAReadAndTheConnectionGoesOn() throws Exception {
    try (Server server = closed.start(DeadlineTest::greet);
        Client client = Client.connect(server)) {
      assertEquals("Hello whoever you are\n", client.receive(22));
      client.exchange("and on");
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isNotInTheWayOfWhatComesInTime() throws Exception {
    try (Server server = closed.start(DeadlineTest::greet);
        Client client = Client.connect(server)) {
      client.send("world\n");
      assertEquals("Hello world\n", client.receive(12));
      client.exchange("and on");
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isSeenByEachOfManyReadsAndPutsNoneOff() throws Exception {
    var late = new CompletableFuture<Integer>();
    Handler counts =
        connection -> {
          int timeouts = 0;
          for (int b = 0; b >= 0; ) {
            try {
              b = Deadline.in(Duration.ofMillis(1)).call(() -> connection.input().read());
            } catch (DeadlineExceededException e) {
              timeouts++;
              connection.output().write('.');
              connection.output().flush();
            }
          }
          late.complete(timeouts);
        };
    try (Server server = closed.start(counts);
        Client client = Client.connect(server)) {
      client.receive(3);
      client.send("x");
      client.receive(2);
      client.finish();
      assertTrue(late.get() >= 5);
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  /** Looks around every 50 ms, until the input has ended. */
  private static void lookAroundUntilTheEnd(Connection connection) throws IOException {
    for (int b = 0; b >= 0; ) {
      try {
        b = Deadline.in(Duration.ofMillis(50)).call(() -> connection.input().read());
      } catch (DeadlineExceededException e) {
        // There is something else to do.
      }
    }
  }

  @Test
  void putsOffNoTimeLimitOfASilentPeer() throws Exception {
    Handler looksAround =
        connection -> {
          connection.changeTimeLimits(TimeLimits.NONE.firstByte(Duration.ofMillis(600)));
          lookAroundUntilTheEnd(connection);
        };
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.FIRST_BYTE), closed.serve(looksAround));
  }

  @Test
  void putsOffNoTimeLimitOfAPeerThatFallsSilent() throws Exception {
    Handler looksAround =
        connection -> {
          connection.changeTimeLimits(TimeLimits.NONE.idle(Duration.ofMillis(600)));
          lookAroundUntilTheEnd(connection);
        };
    try (Server server = closed.start(looksAround);
        Client client = Client.connect(server)) {
      client.send("hello");
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), closed.next());
    }
  }

  @Test
  void isTheReasonWhereTheHandlerLetsItPass() throws Exception {
    assertEquals(
        LATE, closed.serve(connection -> Deadline.in(SHORT).call(() -> connection.awaitMessage())));
  }

  @Test
  void endsAReadOfAPeerThatNeverLetsItWait() throws Exception {
    var thrown = new CompletableFuture<Throwable>();
    Handler reads =
        connection -> {
          var chunk = new byte[64];
          thrown.complete(
              assertThrows(
                  DeadlineExceededException.class,
                  () ->
                      Deadline.in(SHORT)
                          .call(() -> {
                            while (connection.input().read(chunk) >= 0) {}
                            return chunk;
                          })));
          connection.abort();
        };
    try (Server server = closed.start(reads);
        Client client = Client.connect(server)) {
      var much = new byte[1_000_000];
      assertThrows(
          IOException.class,
          () -> {
            while (true) {
              client.socket().getOutputStream().write(much);
            }
          });
      assertInstanceOf(DeadlineExceededException.class, thrown.get());
    }
  }

  // Writes

  @Test
  void resetsAConnectionWhoseWriteItCuts() throws Exception {
    var thrown = new CompletableFuture<ConnectionClosedException>();
    Handler writes =
        connection ->
            thrown.complete(
                assertThrows(
                    ConnectionClosedException.class,
                    () ->
                        Deadline.in(SHORT)
                            .call(() -> {
                              connection.output().write(new byte[100_000_000]);
                              return connection;
                            })));
    assertEquals(LATE, closed.serve(writes));
    assertEquals(LATE, thrown.get().reason());
  }

  @Test
  void cutsAWriteThatIsKeptAsWell() throws Exception {
    Handler writes =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.bufferOutput(1_000);
            scope.fork(
                "writer",
                () ->
                    Deadline.in(SHORT)
                        .call(() -> {
                          connection.output().write(new byte[100_000_000]);
                          return connection;
                        }));
            scope.join();
          }
        };
    assertEquals(LATE, closed.serve(writes));
  }

  // Scopes

  @Test
  void isThatOfAScopeWithinIt() throws Exception {
    var waiting = new WaitingTask();
    var thrown = new CompletableFuture<ConnectionClosedException>();
    Handler opens =
        connection ->
            Deadline.in(SHORT)
                .call(() -> {
                  try (var scope = connection.openScope(DAY)) {
                    scope.fork("waits", waiting);
                    return thrown.complete(
                        assertThrows(ConnectionClosedException.class, scope::join));
                  }
                });
    assertEquals(LATE, closed.serve(opens));
    assertEquals(LATE, thrown.get().reason());
    waiting.awaitCancelled();
  }

  /** As long as the peer is to wait, or less. */
  private static String answer() throws InterruptedException {
    // @start region="remaining"
    Duration left = Deadline.remaining().orElse(Duration.ofSeconds(30));
    return left.toSeconds() > 20 ? "thorough" : "quick";
    // @end
  }

  @Test
  void isKnownToTheThreadsOfAScope() throws Exception {
    Handler forks =
        connection -> {
          try (var scope = connection.openScope(Duration.ofSeconds(10))) {
            var answer = scope.fork("answer", DeadlineTest::answer);
            var nested =
                scope.fork(
                    "nested",
                    () -> {
                      try (var own = connection.openScope()) {
                        var inner = own.fork("answer", DeadlineTest::answer);
                        own.join();
                        return inner.join();
                      }
                    });
            scope.join();
            connection
                .output()
                .write((answer() + answer.join() + nested.join()).getBytes(US_ASCII));
          }
        };
    try (Server server = closed.start(forks);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("thoroughquickquick", client.receiveAll());
    }
  }

  @Test
  void endsTheWaitForOneTaskWhichGoesOn() throws Exception {
    Handler joins =
        connection -> {
          try (var scope = connection.openScope()) {
            var reader = scope.fork("reader", () -> connection.input().read());
            assertThrows(
                DeadlineExceededException.class, () -> Deadline.in(SHORT).call(reader::join));
            connection.output().write('?');
            connection.output().flush();
            connection.output().write(reader.join());
            scope.join();
          }
        };
    try (Server server = closed.start(joins);
        Client client = Client.connect(server)) {
      assertEquals("?", client.receive(1));
      client.exchange("x");
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  // Clients

  @Test
  void endsTheWaitForAConnectionThatIsLent() throws Exception {
    var other = new ClosedConnections();
    try (Server upstream = other.start(connection -> connection.input().read());
        ConnectionPool pool =
            new ConnectionPool(
                Connector.tcp("127.0.0.1", upstream.port()),
                PoolLimits.DEFAULT.maxOpen(1).borrowTimeout(DAY));
        ConnectionPool.Lease _ = pool.borrow()) {
      var failure =
          assertThrows(ConnectException.class, () -> Deadline.in(SHORT).call(() -> pool.borrow()));
      assertTrue(failure.getMessage().contains("were in use for 1"), failure::getMessage);
    }
  }

  @Test
  void endsAConnectToWhomNobodyAnswers() throws Exception {
    try (FullListener full = FullListener.at(new InetSocketAddress("127.0.0.1", 0))) {
      Connector connector = Connector.tcp("127.0.0.1", full.port()).connectTimeout(DAY);
      assertThrows(
          ConnectException.class, () -> Deadline.in(SHORT).call(() -> connector.connect()));
    }
  }
}
