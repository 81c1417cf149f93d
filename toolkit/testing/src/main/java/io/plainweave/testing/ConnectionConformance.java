package io.plainweave.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.server.ServerState;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link Connection} keeps to, as a suite of JUnit: bytes, half-close, end, reset,
 * messages, drain, and each of the {@link TimeLimits}, these by a {@link TestClock}. The toolkit
 * runs it in memory, by TCP, by a Unix-domain socket and by TLS. Who puts a connection of their own
 * around one of the toolkit, to count or to log for example, can run it on that:
 *
 * {@snippet file="io/plainweave/testing/GuideTest.java" region="suite"}
 */
@Timeout(30)
public abstract class ConnectionConformance extends EndConformance {
  /** For suites that say where they run. */
  protected ConnectionConformance() {}

  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration MOMENT = Duration.ofMillis(100);

  /** Lets a test see what becomes of the one connection of a server whose clock it moves. */
  private final class Limited implements AutoCloseable {
    final TestClock clock = new TestClock();
    final CompletableFuture<Connection> served = new CompletableFuture<>();
    final CompletableFuture<Boolean> handled = new CompletableFuture<>();
    final TestServer server;
    final Connection client;

    Limited(TimeLimits limits, Handler handler) throws Exception {
      server =
          server()
              .clock(clock)
              .timeLimits(limits)
              .handler(connection -> {
                try {
                  Connection wrapped = wrapped(connection);
                  served.complete(wrapped);
                  handler.handle(wrapped);
                  handled.complete(true);
                } catch (Throwable e) {
                  handled.completeExceptionally(e);
                  throw e;
                }
              })
              .start();
      client = wrapped(server.connect());
      await(served);
    }

    void assertOpenFor(Duration time) throws Exception {
      clock.advance(time);
      assertFalse(handled.isDone(), () -> "the handler has ended within " + time);
    }

    /** Lets the time pass that is left, and some more for a machine that is busy. */
    void pass() {
      long begin = System.nanoTime();
      do {
        clock.advance(MOMENT.multipliedBy(2));
      } while (!handled.isDone() && System.nanoTime() - begin < 5_000_000_000L);
    }

    void assertTimedOut(TimeLimits.Kind limit) throws Exception {
      Connection connection = await(served);
      await("the connection has ended", () -> connection.closeReason().isPresent());
      assertEquals(new CloseReason.TimedOut(limit), connection.closeReason().orElseThrow());
    }

    @Override
    public void close() throws IOException {
      try (server) {
        client.abort();
      }
    }
  }

  @Test
  void endsTheInputOfAHandlerThatIsIdleForTooLong() throws Exception {
    try (var it =
        new Limited(
            TimeLimits.NONE.idle(HOUR),
            connection -> {
              while (connection.awaitMessage()) {
                connection.input().read();
                connection.endMessage();
              }
              send(connection, "bye");
            })) {
      it.assertOpenFor(HOUR.minus(MOMENT));
      send(it.client, "x"); // and the hour begins again
      await("the byte has come", () -> it.server.server().live().status().received() == 1);
      it.assertOpenFor(HOUR.minus(MOMENT));
      it.pass();
      assertEquals("bye", receiveAll(it.client));
      assertTrue(await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.IDLE);
    }
  }

  @Test
  void endsTheInputOfAHandlerWhosePeerNeverSaysAnything() throws Exception {
    try (var it =
        new Limited(TimeLimits.NONE.firstByte(HOUR), connection -> connection.input().read())) {
      it.assertOpenFor(HOUR.minus(MOMENT));
      it.pass();
      assertTrue(await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.FIRST_BYTE);
    }
  }

  @Test
  void isResetInTheMiddleOfAMessageThatTakesTooLong() throws Exception {
    try (var it =
        new Limited(
            TimeLimits.NONE.message(HOUR),
            connection -> {
              connection.awaitMessage();
              connection.input().readNBytes(10);
            })) {
      send(it.client, "half");
      await("it has come", () -> it.server.server().live().status().received() == 4);
      it.assertOpenFor(HOUR.minus(MOMENT));
      it.pass();
      assertThrows(ConnectionClosedException.class, () -> await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.MESSAGE);
      assertLost(it.client);
    }
  }

  @Test
  void endsTheInputOfAHandlerWhosePeerIsSilentWhateverIsSent() throws Exception {
    try (var it =
        new Limited(TimeLimits.NONE.silence(HOUR), connection -> connection.input().read())) {
      for (int i = 0; i < 3; i++) {
        it.assertOpenFor(HOUR.dividedBy(4));
        send(await(it.served), "news");
      }
      it.clock.advance(HOUR.dividedBy(4));
      it.pass();
      assertTrue(await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.SILENCE);
    }
  }

  @Test
  void isResetWhenThePeerReadsNothing() throws Exception {
    try (var it =
        new Limited(
            TimeLimits.NONE.writeStall(HOUR),
            connection -> connection.output().write(new byte[64 << 20]))) {
      it.assertOpenFor(HOUR.minus(MOMENT));
      // A system may find some more room when a write is tried, and that counts.
      for (int hours = 0; hours < 20 && !it.handled.isDone(); hours++) {
        it.clock.advance(HOUR);
      }
      assertThrows(ConnectionClosedException.class, () -> await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.WRITE_STALL);
    }
  }

  @Test
  void isClosedWhenThePeerDoesNotFinishInItsTurn() throws Exception {
    try (var it =
        new Limited(
            TimeLimits.NONE.halfClosed(HOUR),
            connection -> {
              connection.finishOutput();
              connection.input().read();
            })) {
      assertEquals(-1, it.client.input().read());
      it.assertOpenFor(HOUR.minus(MOMENT));
      it.pass();
      assertThrows(ConnectionClosedException.class, () -> await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.HALF_CLOSED);
    }
  }

  @Test
  void endsItsInputWhenItsLifeIsOver() throws Exception {
    try (var it =
        new Limited(TimeLimits.NONE.lifetime(HOUR), connection -> connection.input().read())) {
      it.assertOpenFor(HOUR.multipliedBy(9).dividedBy(10).minus(MOMENT));
      it.clock.advance(HOUR.dividedBy(10).plus(MOMENT));
      assertTrue(await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.LIFETIME);
    }
  }

  @Test
  void isResetWhenItsMessageDripsTooSlowly() throws Exception {
    try (var it =
        new Limited(
            TimeLimits.NONE.minReceiveRate(1_000),
            connection -> {
              connection.awaitMessage();
              connection.input().readNBytes(1_000_000);
            })) {
      send(it.client, "drip");
      await("it has come", () -> it.server.server().live().status().received() == 4);
      it.assertOpenFor(Duration.ofMillis(4_900));
      it.pass();
      assertThrows(ConnectionClosedException.class, () -> await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.RECEIVE_RATE);
    }
  }

  @Test
  void waitsForThePeersEndAfterItsHandlerAndNotForEver() throws Exception {
    try (var it = new Limited(TimeLimits.NONE.linger(HOUR), connection -> send(connection, "x"))) {
      assertEquals("x", receiveAll(it.client));
      assertTrue(await(it.handled));
      it.clock.advance(HOUR.minus(MOMENT));
      assertEquals(1, it.server.server().connections());
      it.clock.advance(MOMENT.multipliedBy(2));
      await("it is closed", () -> it.server.server().connections() == 0);
    }
  }

  @Test
  void takesLimitsOfItsOwn() throws Exception {
    try (var it =
        new Limited(
            TimeLimits.NONE,
            connection -> {
              connection.changeTimeLimits(TimeLimits.NONE.idle(HOUR));
              connection.input().read();
            })) {
      it.assertOpenFor(HOUR.minus(MOMENT));
      it.pass();
      assertTrue(await(it.handled));
      it.assertTimedOut(TimeLimits.Kind.IDLE);
    }
  }

  @Test
  void isCancelledWhenTheDrainTakesTooLong() throws Exception {
    var over = new CountDownLatch(1);
    try (var it =
        new Limited(
            TimeLimits.NONE,
            connection -> {
              connection.awaitMessage();
              connection.input().read();
              over.countDown();
              connection.input().read(); // in the middle of its message
            })) {
      send(it.client, "x");
      over.await();
      var report = start(it.server.server()::drain);
      await("it drains", () -> it.server.server().state().isAtLeast(ServerState.DRAINING));
      it.assertOpenFor(Duration.ofSeconds(29));
      it.clock.advance(Duration.ofSeconds(2));
      assertThrows(ConnectionClosedException.class, () -> await(it.handled));
      assertEquals(new CloseReason.Cancelled(), await(it.served).closeReason().orElseThrow());
      assertEquals(1, await(report).forced());
    }
  }
}
