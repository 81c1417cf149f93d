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
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A deadline that passes in the middle of a message")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DeadlineInMessageTest {
  private static final Duration SHORT = Duration.ofMillis(150);
  private static final CloseReason LATE = new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE);

  private final ClosedConnections closed = new ClosedConnections();

  /** What the handler must not throw, since that would be the reason for the end. */
  private final CompletableFuture<Void> seen = new CompletableFuture<>();

  private Handler seeing(Handler handler) {
    return connection -> {
      try {
        handler.handle(connection);
        seen.complete(null);
      } catch (Throwable e) {
        seen.completeExceptionally(e);
        throw e;
      }
    };
  }

  private static void readHalf(Connection connection) {
    assertThrows(
        DeadlineExceededException.class,
        () -> Deadline.in(SHORT).call(() -> Lines.of(connection, 1_000).read()));
  }

  private static void serve(Connection connection) throws IOException {
    var lines = Lines.of(connection, 1_000);
    // @start region="late"
    try {
      String command = Deadline.in(Duration.ofMillis(300)).call(() -> lines.read());
      lines.write("250 " + command);
    } catch (DeadlineExceededException e) {
      lines.write("421 Too slow, good bye"); // and the connection ends in order
    }
    // @end
  }

  @Test
  void letsTheHandlerSaySo() throws Exception {
    try (Server server = closed.start(DeadlineInMessageTest::serve);
        Client client = Client.connect(server)) {
      client.send("HE");
      assertEquals("421 Too slow, good bye\n", client.receiveAll());
      // It lingers: what the peer has on its way destroys nothing.
      client.send("LO\r\n");
      assertTrue(client.isAtEndWithin(Duration.ofSeconds(5)));
      client.finish();
      assertEquals(LATE, closed.next());
    }
  }

  @Test
  void endsTheInputAlone() throws Exception {
    var more = new CountDownLatch(1);
    Handler reads =
        connection -> {
          readHalf(connection);
          assertEquals(Optional.of(LATE), connection.closeReason());
          assertTrue(connection.isOpen());
          connection.output().write('?');
          connection.output().flush();
          more.await();
          assertEquals(0, connection.input().available());
          var e = assertThrows(ConnectionClosedException.class, () -> connection.input().read());
          assertEquals(LATE, e.reason());
          assertThrows(ConnectionClosedException.class, connection::awaitMessage);
          connection.endMessage();
          assertThrows(ConnectionClosedException.class, () -> connection.peek(1));
          assertEquals(Optional.of(LATE), connection.closeReason());
          connection.output().write('!');
        };
    try (Server server = closed.start(seeing(reads));
        Client client = Client.connect(server)) {
      client.send("half of a");
      assertEquals("?", client.receive(1));
      client.send(" line\nand another\n");
      more.countDown();
      assertEquals("!", client.receiveAll());
      seen.get();
      client.finish();
      assertEquals(LATE, closed.next());
    }
  }

  @Test
  void isAResetWhereTheHandlerLetsItPass() throws Exception {
    try (Server server =
            closed.start(connection -> {
              var lines = Lines.of(connection, 1_000);
              Deadline.in(SHORT).call(() -> lines.read());
            });
        Client client = Client.connect(server)) {
      client.send("half of a");
      assertEquals(LATE, closed.next());
      assertTrue(client.seesReset());
    }
  }

  @Test
  void isNoneWhereTheHandlerFailsBecauseItReadsOn() throws Exception {
    Handler readsOn =
        connection -> {
          readHalf(connection);
          connection.output().write('?');
          connection.input().read();
        };
    try (Server server = closed.start(readsOn);
        Client client = Client.connect(server)) {
      client.send("half of a");
      assertEquals("?", client.receiveAll());
      client.finish();
      assertEquals(LATE, closed.next());
    }
  }

  @Test
  void leavesTwoSecondsForAGoodbye() throws Exception {
    var waiting = new WaitingTask();
    Handler takesItsTime =
        connection -> {
          readHalf(connection);
          try (var scope = connection.openScope()) {
            scope.fork("waits", waiting);
            scope.join();
          }
        };
    try (Server server = closed.start(takesItsTime);
        Client client = Client.connect(server)) {
      client.send("half of a");
      assertEquals(LATE, closed.next());
      assertTrue(client.seesReset());
      waiting.awaitCancelled();
    }
  }

  @Test
  void endsTheScopeOfATaskThatFailsByIt() throws Exception {
    var waiting = new WaitingTask();
    var thrown = new CompletableFuture<ConnectionClosedException>();
    Handler forks =
        connection -> {
          try (var scope = connection.openScope()) {
            scope.fork("waits", waiting);
            scope.fork(
                "reads", () -> Deadline.in(SHORT).call(() -> Lines.of(connection, 1_000).read()));
            thrown.complete(assertThrows(ConnectionClosedException.class, scope::join));
          }
        };
    try (Server server = closed.start(forks);
        Client client = Client.connect(server)) {
      client.send("half of a");
      assertEquals(LATE, closed.next());
      assertEquals(LATE, thrown.get().reason());
      waiting.awaitCancelled();
      assertTrue(client.seesReset());
    }
  }

  @Test
  void endsTheInputBehindAPeekAsWell() throws Exception {
    Handler peeks =
        connection -> {
          assertThrows(
              DeadlineExceededException.class,
              () -> Deadline.in(SHORT).call(() -> connection.peek(4)));
          assertThrows(ConnectionClosedException.class, () -> connection.input().read());
          connection.output().write("what?".getBytes(US_ASCII));
        };
    try (Server server = closed.start(seeing(peeks));
        Client client = Client.connect(server)) {
      client.send("PR");
      assertEquals("what?", client.receiveAll());
      seen.get();
      client.finish();
      assertEquals(LATE, closed.next());
    }
  }

  @Test
  void isNotTheReasonWhereTheConnectionIsCancelledLater() throws Exception {
    var late = new CountDownLatch(1);
    var reason = new CompletableFuture<CloseReason>();
    Handler fails =
        connection -> {
          readHalf(connection);
          late.countDown();
          connection.abort(new CloseReason.Aborted());
          reason.complete(
              assertThrows(ConnectionClosedException.class, () -> connection.input().read())
                  .reason());
        };
    try (Server server = closed.start(fails);
        Client client = Client.connect(server)) {
      client.send("half of a");
      late.await();
      assertInstanceOf(CloseReason.Aborted.class, closed.next());
      assertInstanceOf(CloseReason.Aborted.class, reason.get());
    }
  }
}
