package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.server.Server;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("When a thread fails, a scope of a connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionScopeFailureTest {
  private static final Duration DAY = Duration.ofDays(1);

  private final ClosedConnections closed = new ClosedConnections();

  // Failure

  @Test
  void rethrowsTheFirstFailureWithTheOthersSuppressed() throws Exception {
    var first = new IllegalStateException("first, expected by this test");
    var second = new IllegalArgumentException("second, expected by this test");
    var thrown = new CompletableFuture<Throwable>();
    var waits = new CountDownLatch(1);
    Handler failsTwice =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "waits",
                () -> {
                  waits.countDown();
                  try {
                    Thread.sleep(DAY);
                  } catch (InterruptedException cancelled) {
                    throw second;
                  }
                });
            scope.fork(
                "fails",
                () -> {
                  waits.await();
                  throw first;
                });
            scope.join();
          } catch (Exception e) {
            thrown.complete(e);
            throw e;
          }
        };
    ClosedConnections.assertFailedWith(first, closed.serve(failsTwice));
    assertSame(first, thrown.get());
    assertArrayEquals(new Throwable[] {second}, first.getSuppressed());
  }

  @Test
  void bearsOneFailureThatTwoThreadsThrow() throws Exception {
    var shared = new StackOverflowError("expected by this test");
    Handler failsTwice =
        connection -> {
          try (var scope = connection.openScope()) {
            for (int i = 0; i < 2; i++) {
              scope.fork(
                  "fails",
                  () -> {
                    throw shared;
                  });
            }
            scope.join();
          }
        };
    ClosedConnections.assertFailedWith(shared, closed.serve(failsTwice));
    assertEquals(0, shared.getSuppressed().length);
  }

  @Test
  void cancelsTheSiblingsOfWhatFailsAndResetsTheConnection() throws Exception {
    var failure = new IllegalStateException("expected by this test");
    var inFront = new WaitingTask();
    var background = new WaitingTask();
    Handler fails =
        connection -> {
          connection.output().write(new byte[100]);
          try (var scope = connection.openScope()) {
            scope.fork("reader", () -> connection.input().read());
            scope.fork("front", inFront);
            scope.forkBackground("background", background);
            inFront.awaitRunning();
            background.awaitRunning();
            scope.forkBackground(
                "fails",
                () -> {
                  throw failure;
                });
            scope.join();
          }
        };
    try (Server server = closed.start(fails);
        Client client = Client.connect(server)) {
      assertTrue(client.seesReset());
      inFront.awaitCancelled();
      background.awaitCancelled();
      ClosedConnections.assertFailedWith(failure, closed.next());
    }
  }

  @Test
  void tellsAnOwnerThatReadsWhatHasFailed() throws Exception {
    var failure = new MalformedMessageException("expected by this test");
    var thrown = new CompletableFuture<ConnectionClosedException>();
    var reading = new CountDownLatch(1);
    Handler readsItself =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "fails",
                () -> {
                  reading.await();
                  throw failure;
                });
            thrown.complete(
                assertThrows(
                    ConnectionClosedException.class,
                    () -> {
                      reading.countDown();
                      connection.input().read();
                    }));
            scope.join();
          }
        };
    assertEquals(new CloseReason.Malformed(failure), closed.serve(readsItself));
    assertSame(failure, thrown.get().getCause());
    assertEquals(new CloseReason.Malformed(failure), thrown.get().reason());
  }

  @Test
  void wakesAnOwnerThatWaitsForSomethingElse() throws Exception {
    var failure = new IllegalStateException("expected by this test");
    Handler waits =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork(
                "fails",
                () -> {
                  throw failure;
                });
            Thread.sleep(DAY);
          }
        };
    ClosedConnections.assertFailedWith(failure, closed.serve(waits));
  }

  @Test
  void startsNothingAnyMoreWhenAThreadHasFailed() throws Exception {
    var failure = new IllegalStateException("expected by this test");
    var startedLate = new AtomicBoolean();
    Handler forksLate =
        connection -> {
          try (var scope = connection.openScope()) {
            var waiting = new WaitingTask();
            scope.fork("waits", waiting);
            scope.fork(
                "fails",
                () -> {
                  throw failure;
                });
            waiting.awaitCancelled();
            scope.fork("late", () -> startedLate.set(true));
            scope.forkBackground("late", () -> startedLate.set(true));
            scope.join();
          }
        };
    ClosedConnections.assertFailedWith(failure, closed.serve(forksLate));
    assertFalse(startedLate.get());
  }

  @Test
  void endsWithTheConnectionWhoeverHasEndedIt() throws Exception {
    var waiting = new WaitingTask();
    var connected = new CompletableFuture<Connection>();
    var thrown = new CompletableFuture<Throwable>();
    Handler joins =
        connection -> {
          connected.complete(connection);
          try (var scope = connection.openScope()) {
            scope.fork("waits", waiting);
            scope.join();
          } catch (Exception e) {
            thrown.complete(e);
          }
        };
    try (Server server = closed.start(joins);
        Client _ = Client.connect(server)) {
      waiting.awaitRunning();
      connected.get().abort();
      waiting.awaitCancelled();
      assertEquals(new CloseReason.Aborted(), closed.next());
      assertInstanceOf(ConnectionClosedException.class, thrown.get());
    }
  }

  @Test
  void endsWhenItsReaderSeesAReset() throws Exception {
    var heartbeat = new WaitingTask();
    Handler readsAndBeats =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("heartbeat", heartbeat);
            scope.fork("reader", () -> connection.input().transferTo(connection.output()));
            scope.join();
          }
        };
    try (Server server = closed.start(readsAndBeats);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      client.reset();
      heartbeat.awaitCancelled();
      assertInstanceOf(CloseReason.PeerReset.class, closed.next());
    }
  }

  // Leaving without join

  @Test
  void isCancelledWhenItsOwnerFailsAndTheReasonIsTheOwners() throws Exception {
    var failure = new TruncatedMessageException("expected by this test");
    var waiting = new WaitingTask();
    Handler fails =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("waits", waiting);
            waiting.awaitRunning();
            throw failure;
          }
        };
    assertEquals(new CloseReason.Truncated(failure), closed.serve(fails));
    waiting.awaitCancelled();
  }

  @Test
  void leavesTheReasonToAnOwnerWhoseFailureInterruptsAWriter() throws Exception {
    var failure = new IllegalStateException("expected by this test");
    Handler fails =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("writer", () -> connection.output().write(new byte[100_000_000]));
            connection.input().read();
            throw failure;
          }
        };
    try (Server server = closed.start(fails);
        Client client = Client.connect(server)) {
      client.receive(1); // the writer is at it
      client.send("x");
      ClosedConnections.assertFailedWith(failure, closed.next());
      assertTrue(client.seesReset());
    }
  }

  @Test
  void leavesTheConnectionOpenForALastWord() throws Exception {
    Handler apologizes =
        connection -> {
          var waiting = new WaitingTask();
          try (var scope = connection.openScope()) {
            scope.fork("waits", waiting);
            waiting.awaitRunning();
            throw new MalformedMessageException("expected by this test");
          } catch (MalformedMessageException e) {
            connection.output().write("sorry".getBytes(StandardCharsets.US_ASCII));
          }
        };
    try (Server server = closed.start(apologizes);
        Client client = Client.connect(server)) {
      client.send("left unread");
      assertEquals("sorry", client.receiveAll());
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void saysThatItWasLeftWithoutJoin() throws Exception {
    var waiting = new WaitingTask();
    Handler forgetsToJoin =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("waits", waiting);
          }
        };
    var reason = assertInstanceOf(CloseReason.HandlerFailed.class, closed.serve(forgetsToJoin));
    assertTrue(reason.failure().getMessage().contains("without join()"), () -> reason.toString());
    waiting.awaitCancelled();
  }

  @Test
  void isClosedAfterAHandlerThatHasForgottenIt() throws Exception {
    var outer = new WaitingTask();
    var inner = new WaitingTask();
    Handler forgets =
        connection -> {
          connection.openScope().fork("outer", outer);
          connection.openScope().fork("inner", inner);
        };
    var reason = assertInstanceOf(CloseReason.HandlerFailed.class, closed.serve(forgets));
    assertTrue(reason.failure().getMessage().contains("left open"), () -> reason.toString());
    outer.awaitCancelled();
    inner.awaitCancelled();
  }

  @Test
  void isClosedAfterAThreadThatHasForgottenIt() throws Exception {
    var waiting = new WaitingTask();
    Handler forgets =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("forgets", () -> connection.openScope().fork("waits", waiting));
            scope.join();
          }
        };
    var reason = assertInstanceOf(CloseReason.HandlerFailed.class, closed.serve(forgets));
    assertTrue(reason.failure().getMessage().contains("left open"), () -> reason.toString());
    waiting.awaitCancelled();
  }

  @Test
  void leavesNothingWhereManyFailInEveryWayAtATime() throws Exception {
    Handler byNumber =
        connection -> {
          int kind = connection.input().read();
          try (var scope = connection.openScope(kind % 5 == 0 ? Duration.ofMillis(100) : DAY)) {
            scope.forkBackground("heartbeat", () -> Thread.sleep(DAY));
            scope.fork("reader", () -> connection.input().transferTo(connection.output()));
            switch (kind % 5) {
              case 0 -> scope.fork("waits", () -> Thread.sleep(DAY));
              case 1 ->
                  scope.fork(
                      "fails",
                      () -> {
                        throw new TruncatedMessageException("expected by this test");
                      });
              case 2 -> throw new MalformedMessageException("expected by this test");
              case 3 -> connection.abort();
              default -> {}
            }
            scope.join();
          }
        };
    try (Server server = closed.start(byNumber)) {
      List<Client> clients = new ArrayList<>();
      try {
        for (int i = 0; i < 200; i++) {
          Client client = Client.connect(server);
          clients.add(client);
          client.socket().getOutputStream().write(i % 100);
          try {
            client.finish();
          } catch (SocketException reset) {
            // Some have failed already.
          }
        }
        for (int i = 0; i < 200; i++) {
          assertTrue(closed.next().isExpected());
        }
        await().until(() -> server.connections() == 0);
      } finally {
        for (Client client : clients) {
          client.close();
        }
      }
    }
  }
}
