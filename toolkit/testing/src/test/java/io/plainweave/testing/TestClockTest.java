package io.plainweave.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.ConnectionPool;
import io.plainweave.client.Connector;
import io.plainweave.client.PoolLimits;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A clock that the test moves")
@Timeout(20)
class TestClockTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final TestClock clock = new TestClock();

  private static void echo(Connection connection) throws IOException {
    connection.input().transferTo(connection.output());
  }

  @Test
  void standsStill() throws Exception {
    try (var server =
            TestServer.inMemory()
                .clock(clock)
                .timeLimits(TimeLimits.NONE.idle(Duration.ofMillis(100)))
                .handler(TestClockTest::echo)
                .start();
        var peer = server.peer()) {
      peer.expectSilence(Duration.ofMillis(400));
      assertEquals(0, clock.nanoTime());
    }
  }

  /**
   * Before the thread that looks at the time has run, time that a test lets pass must not be lost.
   */
  @Test
  void movesAServerFromItsStartOn() throws Exception {
    for (int i = 0; i < 30; i++) {
      try (var _ = TestServer.inMemory().clock(clock).handler(_ -> {}).start()) {
        assertFalse(clock.attached().isEmpty());
      }
    }
    assertTrue(clock.attached().isEmpty());
  }

  @Test
  void movesADeadlineWithinAHandler() throws Exception {
    var late = new CompletableFuture<Boolean>();
    try (var server =
            TestServer.inMemory()
                .clock(clock)
                .timeLimits(TimeLimits.NONE)
                .handler(connection -> {
                  try {
                    Deadline.in(HOUR).call(() -> connection.input().read());
                    late.complete(false);
                  } catch (DeadlineExceededException e) {
                    late.complete(true);
                  }
                })
                .start();
        var peer = server.peer()) {
      clock.advance(HOUR.minusSeconds(1));
      assertFalse(late.isDone());
      clock.advance(Duration.ofSeconds(2));
      assertTrue(late.get(5, TimeUnit.SECONDS));
      peer.expectEnd();
    }
  }

  @Test
  void movesTheRetriesOfAConnector() throws Exception {
    MemoryNetwork network = MemoryNetwork.create(clock);
    try (var server = TestServer.inMemory(network).handler(TestClockTest::echo).start()) {
      Connector nobody = Connector.tcp("localhost", 1).retryFor(HOUR);
      var failed = new CompletableFuture<Throwable>();
      Thread.ofVirtual()
          .start(() -> {
            try {
              server.call(() -> nobody.connect());
            } catch (Throwable e) {
              failed.complete(e);
            }
          });
      clock.advance(HOUR.minusSeconds(10));
      assertFalse(failed.isDone());
      clock.advance(Duration.ofSeconds(20));
      assertTrue(failed.get(5, TimeUnit.SECONDS) instanceof ConnectException);
    }
  }

  @Test
  void letsARetrySucceedWhenTheServerComes() throws Exception {
    MemoryNetwork network = MemoryNetwork.create(clock);
    try (var server = TestServer.inMemory(network).handler(TestClockTest::echo).start()) {
      Connector later = Connector.tcp("localhost", 7_000).retryFor(HOUR);
      var connected = new CompletableFuture<Boolean>();
      Thread.ofVirtual()
          .start(() -> {
            try {
              server.call(() -> connected.complete(later.connect().isOpen()));
            } catch (Throwable e) {
              connected.completeExceptionally(e);
            }
          });
      clock.advance(Duration.ofMinutes(30));
      assertFalse(connected.isDone());
      server.server().listen(Listen.tcp(7_000), TestClockTest::echo);
      clock.advance(Duration.ofSeconds(6));
      assertTrue(connected.get(5, TimeUnit.SECONDS));
    }
  }

  @Test
  void makesTheConnectionsOfAPoolOld() throws Exception {
    try (var server =
        TestServer.inMemory()
            .clock(clock)
            .timeLimits(TimeLimits.NONE)
            .handler(TestClockTest::echo)
            .start()) {
      server.call(() -> {
        var limits = PoolLimits.DEFAULT.idleTime(HOUR).maxAge(Duration.ZERO);
        try (var pool = new ConnectionPool(server.connector(), limits)) {
          long first = borrowed(pool);
          clock.advance(Duration.ofMinutes(59));
          assertEquals(first, borrowed(pool));
          clock.advance(HOUR);
          assertFalse(first == borrowed(pool));
        }
        return true;
      });
    }
  }

  private static long borrowed(ConnectionPool pool) throws Exception {
    try (var lease = pool.borrow()) {
      long id = lease.connection().id();
      lease.giveBack();
      return id;
    }
  }

  @Test
  void movesADrain() throws Exception {
    try (var server =
            TestServer.inMemory()
                .clock(clock)
                .with(builder -> builder.drainTimeout(HOUR))
                .timeLimits(TimeLimits.NONE)
                .handler(connection -> {
                  connection.awaitMessage();
                  connection.input().readNBytes(10);
                })
                .start();
        var peer = server.peer()) {
      peer.send("half");
      while (server.server().live().status().received() < 4) {
        Thread.onSpinWait();
      }
      var report = server.drain();
      assertEquals(1, report.forced());
      assertTrue(clock.nanoTime() >= HOUR.toNanos());
      peer.expectReset();
    }
  }

  @Test
  void doesNotGoBack() {
    assertThrows(IllegalArgumentException.class, () -> clock.advance(Duration.ofMillis(-1)));
  }
}
