package io.plainweave.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.event.HandlerPosition;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.internal.time.Ticks;
import io.plainweave.server.Server;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("When its time is over, a scope of a connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionScopeEndTest {
  private static final Duration DAY = Duration.ofDays(1);

  private final ClosedConnections closed = new ClosedConnections();

  // Deadline

  @Test
  void endsAtItsDeadlineThoughNobodyReadsOrWrites() throws Exception {
    var waiting = new WaitingTask();
    var thrown = new CompletableFuture<ConnectionClosedException>();
    var took = new CompletableFuture<Integer>();
    Handler waits =
        connection -> {
          Ticks ticks = ((SocketConnection) connection).home().ticks();
          int begin = ticks.now();
          try (var scope = connection.openScope(Duration.ofMillis(200))) {
            scope.fork("waits", waiting);
            thrown.complete(assertThrows(ConnectionClosedException.class, scope::join));
            took.complete(ticks.now() - begin);
          }
        };
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE), closed.serve(waits));
    assertTrue(took.get() >= Ticks.of(Duration.ofMillis(200)), "too early");
    waiting.awaitCancelled();
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE), thrown.get().reason());
  }

  @Test
  void endsAtItsDeadlineThoughItsOwnerReads() throws Exception {
    Handler reads =
        connection -> {
          try (var scope = connection.openScope(Duration.ofMillis(200))) {
            connection.input().read();
            scope.join();
          }
        };
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE), closed.serve(reads));
  }

  @Test
  void hasNoDeadlineAnyMoreWhenItIsClosed() throws Exception {
    Handler opensOneAfterTheOther =
        connection -> {
          for (int i = 0; i < 3; i++) {
            try (var scope = connection.openScope(Duration.ofSeconds(1))) {
              scope.fork("short", () -> {});
              scope.join();
            }
          }
          connection.input().transferTo(connection.output());
        };
    try (Server server = closed.start(opensOneAfterTheOther);
        Client client = Client.connect(server)) {
      assertFalse(client.isAtEndWithin(Duration.ofMillis(1_500)));
      client.exchange("still there");
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void keepsItsDeadlineWhicheverThreadClosesItsOwnScopeFirst() throws Exception {
    var firstIsOpen = new CountDownLatch(1);
    var secondIsOpen = new CountDownLatch(1);
    Handler opensInThreads =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "closes first",
                () -> {
                  try (var own = connection.openScope(DAY)) {
                    firstIsOpen.countDown();
                    secondIsOpen.await();
                    own.join();
                  }
                });
            scope.fork(
                "has the deadline",
                () -> {
                  firstIsOpen.await();
                  try (var own = connection.openScope(Duration.ofMillis(500))) {
                    secondIsOpen.countDown();
                    own.fork("waits", () -> Thread.sleep(DAY));
                    own.join();
                  }
                });
            scope.join();
          }
        };
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE), closed.serve(opensInThreads));
  }

  @Test
  void doesNotTakeATimeThatHasPassed() throws Exception {
    Handler opens = connection -> connection.openScope(Duration.ofMillis(-1));
    var reason = assertInstanceOf(CloseReason.HandlerFailed.class, closed.serve(opens));
    assertInstanceOf(IllegalArgumentException.class, reason.failure());
  }

  // The end of the server

  @Test
  void isCancelledWithTheServer() throws Exception {
    var waiting = new WaitingTask();
    Handler forks =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("waits", waiting);
            scope.fork("reader", () -> connection.input().read());
            scope.join();
          }
        };
    try (Server server = closed.start(forks);
        Client client = Client.connect(server)) {
      waiting.awaitRunning();
      server.shutdownNow();
      waiting.awaitCancelled();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertEquals(new CloseReason.Cancelled(), closed.next());
      assertTrue(client.seesReset());
    }
  }

  @Test
  void drainsWhenItsReaderWaitsForAMessage() throws Exception {
    var heartbeat = new WaitingTask();
    Handler readsAndBeats =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.forkBackground("heartbeat", heartbeat);
            scope.fork("reader", () -> connection.input().transferTo(connection.output()));
            scope.join();
          }
          connection.output().write("bye".getBytes(StandardCharsets.US_ASCII));
        };
    try (Server server = closed.start(readsAndBeats);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.shutdown();
      assertEquals("bye", client.receiveAll());
      heartbeat.awaitCancelled();
      client.finish();
      assertEquals(new CloseReason.Drained(), closed.next());
    }
  }

  @Test
  void cannotHoldTheServersCloseWithAThreadThatIgnoresInterrupts() throws Exception {
    var stop = new AtomicBoolean();
    var running = new CountDownLatch(1);
    Handler stubborn =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "stubborn",
                () -> {
                  running.countDown();
                  while (!stop.get()) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
                    Thread.interrupted();
                  }
                });
            scope.join();
          }
        };
    Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .handler(stubborn)
            .drainTimeout(Duration.ofMillis(100))
            .start();
    try (Client _ = Client.connect(server)) {
      running.await();
      List<HandlerPosition> survivors = server.drain().survivors();
      assertEquals(1, survivors.size());
      assertTrue(
          survivors.getFirst().stack().stream()
              .anyMatch(
                  frame -> frame.getClassName().equals(ConnectionScopeEndTest.class.getName())),
          survivors::toString);
      stop.set(true);
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    } finally {
      stop.set(true);
    }
  }
}
