package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

@DisplayName("The reason for which a connection ends")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class CloseReasonTest {
  /** Waits for input, and says farewell at its end. */
  private static final Handler READS =
      connection -> {
        connection.input().read();
        connection.output().write('.');
      };

  private final ConnectionEvents events = new ConnectionEvents();

  /** What the connection has said before its handler has returned or failed. */
  private final CompletableFuture<Optional<CloseReason>> seen = new CompletableFuture<>();

  private Server start(Handler handler) throws Exception {
    return builder(handler).start();
  }

  private ServerBuilder builder(Handler handler) {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(connection -> {
          try {
            handler.handle(connection);
          } finally {
            seen.complete(connection.closeReason());
          }
        })
        .observer(events)
        .timeLimits(TimeLimits.NONE)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false);
  }

  private Connection awaitOpened() {
    await().until(() -> events.openConnections().size() == 1);
    Connection open = events.openConnections().getFirst();
    assertEquals(Optional.empty(), open.closeReason());
    return open;
  }

  /** Waits for the end, and checks that the connection has the reason that observers have. */
  private CloseReason awaitReason() {
    ServerEvent.ConnectionClosed closed = events.awaitClosed(1).getFirst();
    assertSame(closed.reason(), closed.connection().closeReason().orElseThrow());
    return closed.reason();
  }

  @Test
  void isNotKnownWhileAHandlerMayReplyToAPeerThatHasFinished() throws Exception {
    try (Server server = start(READS);
        Client client = Client.connect(server)) {
      awaitOpened();
      client.finish();
      assertEquals(new CloseReason.Finished(), awaitReason());
      assertEquals(Optional.empty(), seen.get());
    }
  }

  @Test
  void isThatOfTheDrainFromTheEndOfTheInputOn() throws Exception {
    try (Server server = start(READS);
        Client client = Client.connect(server)) {
      awaitOpened();
      server.shutdown();
      assertEquals(".", client.receiveAll());
      client.finish();
      assertEquals(new CloseReason.Drained(), awaitReason());
      assertSame(awaitReason(), seen.get().orElseThrow());
    }
  }

  @Test
  void isATimeLimitFromTheEndOfTheInputOn() throws Exception {
    try (Server server = start(READS);
        Client client = Client.connect(server)) {
      awaitOpened().changeTimeLimits(TimeLimits.NONE.idle(Duration.ofMillis(200)));
      assertEquals(".", client.receiveAll());
      client.finish();
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), awaitReason());
      assertSame(awaitReason(), seen.get().orElseThrow());
    }
  }

  @Test
  void isTheFailureOfAHandlerEvenBehindTheDrain() throws Exception {
    var failure = new IllegalStateException("expected by this test");
    Handler fails =
        connection -> {
          connection.input().read();
          throw failure;
        };
    try (Server server = start(fails);
        Client _ = Client.connect(server)) {
      awaitOpened();
      server.shutdown();
      var failed = assertInstanceOf(CloseReason.HandlerFailed.class, awaitReason());
      assertSame(failure, failed.failure());
      assertEquals(Optional.of(new CloseReason.Drained()), seen.get());
    }
  }

  @Test
  void isTheResetThatTheHandlerHasMet() throws Exception {
    try (Server server = start(READS);
        Client client = Client.connect(server)) {
      awaitOpened();
      client.reset();
      assertInstanceOf(CloseReason.PeerReset.class, awaitReason());
      assertSame(awaitReason(), seen.get().orElseThrow());
    }
  }

  @Test
  void isTheCancellationOfTheServer() throws Exception {
    try (Server server = start(READS);
        Client _ = Client.connect(server)) {
      awaitOpened();
      server.shutdownNow();
      assertEquals(new CloseReason.Cancelled(), awaitReason());
      assertSame(awaitReason(), seen.get().orElseThrow());
    }
  }

  @Test
  void isWhatTheConnectionWasAbortedForAndStandsInTheLog() throws Exception {
    var reason = new CloseReason.UpstreamFailed(new IOException("the database is gone"));
    var other = new CloseReason.SlowPeer();
    var log = (Logger) LoggerFactory.getLogger(Server.class);
    var lines = new ListAppender<ILoggingEvent>();
    lines.start();
    log.addAppender(lines);
    log.setLevel(Level.DEBUG);
    try (Server server = start(READS);
        Client _ = Client.connect(server)) {
      Connection connection = awaitOpened();
      assertTrue(connection.abort(reason));
      assertFalse(connection.abort(other));
      assertSame(reason, awaitReason());
      assertSame(reason, seen.get().orElseThrow());
      String line = connection + ": reset, since its upstream has failed: the database is gone";
      assertTrue(lines.list.stream().anyMatch(it -> it.getFormattedMessage().equals(line)));
    } finally {
      log.setLevel(null);
      log.detachAppender(lines);
    }
  }

  @Test
  void staysKnownWhileTheLastReplyIsOnItsWay() throws Exception {
    var mayEnd = new CountDownLatch(1);
    Handler waits =
        connection -> {
          connection.input().read();
          ((SocketConnection) connection).input().closeForGood();
          seen.complete(connection.closeReason());
          mayEnd.await();
        };
    try (Server server = start(waits);
        Client _ = Client.connect(server)) {
      awaitOpened();
      server.shutdown();
      assertEquals(Optional.of(new CloseReason.Drained()), seen.get());
      mayEnd.countDown();
      assertEquals(new CloseReason.Drained(), awaitReason());
    } finally {
      mayEnd.countDown();
    }
  }
}
