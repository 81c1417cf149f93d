package io.plainweave.client;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.TimeLimits;
import io.plainweave.event.DrainReport;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.Proxied;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.Undisturbed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Time limits, drain and cancellation. */
@DisplayName("A relay")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class RelayEndTest {
  private static final Duration SHORT = Duration.ofMillis(500);

  /** So long that the machine may pause in the meantime, and yet less than all of the pieces. */
  private static final Duration LONG = Duration.ofMillis(1_500);

  private static final int PIECES = 35;

  /** A pause between two pieces of a stream that flows. */
  private static void pace() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
  }

  /** Behind a FIN, a reset is seen by those who write only. */
  private static void awaitCannotSend(Client peer) {
    await()
        .until(() -> {
          try {
            peer.send("x");
            return false;
          } catch (IOException reset) {
            return true;
          }
        });
  }

  /** Waits for so long that a FIN, if one was passed on, would have come. */
  private static void assertNotFinished(Client peer, int millis) throws IOException {
    int before = peer.socket().getSoTimeout();
    peer.socket().setSoTimeout(millis);
    assertThrows(SocketTimeoutException.class, () -> peer.socket().getInputStream().read());
    peer.socket().setSoTimeout(before);
  }

  @Test
  void endsInOrderWhenNothingMoves() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      proxied.client().send("hello");
      assertEquals("hello", proxied.upstream().receive(5));
      proxied.server().changeTimeLimits(TimeLimits.NONE.idle(SHORT));
      assertEquals("", proxied.upstream().receiveAll());
      proxied.upstream().finish();
      assertEquals("", proxied.client().receiveAll());
      proxied.client().finish();
      assertEquals(new Relay.Result(5, 0), proxied.result());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), proxied.reason());
    }
  }

  @Test
  void isResetWhenNothingMovesAndTheServerDoesNotTakeTheEndForOne() throws Exception {
    try (Proxied proxied = Proxied.connect(TimeLimits.NONE.idle(SHORT))) {
      assertEquals("", proxied.upstream().receiveAll());
      assertTrue(proxied.client().seesReset());
    }
  }

  @Test
  void isNotIdleWhileOneDirectionIsAtWork() throws Exception {
    TimeLimits limits = TimeLimits.NONE.idle(LONG).firstByte(LONG);
    for (boolean up : new boolean[] {true, false}) {
      try (Proxied proxied = Proxied.connect(limits)) {
        Client from = up ? proxied.client() : proxied.upstream();
        Client to = up ? proxied.upstream() : proxied.client();
        for (int i = 0; i < PIECES; i++) {
          from.send("x");
          assertEquals("x", to.receive(1));
          pace();
        }
        to.send("y");
        assertEquals("y", from.receive(1));
      }
    }
  }

  @Test
  void boundsTheTimeThatAServerMayTakeForItsEnd() throws Exception {
    try (Proxied proxied = Proxied.connect(TimeLimits.NONE.halfClosed(LONG))) {
      proxied.client().finish();
      assertEquals("", proxied.upstream().receiveAll());
      for (int i = 0; i < PIECES; i++) {
        proxied.upstream().send("x");
        pace();
      }
      assertEquals("x".repeat(PIECES), proxied.client().receive(PIECES));
      assertTrue(proxied.client().seesReset());
      awaitCannotSend(proxied.upstream());
      var reason = assertInstanceOf(CloseReason.UpstreamFailed.class, proxied.reason());
      var closed = assertInstanceOf(ConnectionClosedException.class, reason.cause());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HALF_CLOSED), closed.reason());
    }
  }

  @Test
  void boundsTheTimeThatAClientMayTakeForItsEnd() throws Exception {
    try (Proxied proxied = Proxied.connect(TimeLimits.NONE.halfClosed(LONG))) {
      proxied.upstream().finish();
      assertEquals("", proxied.client().receiveAll());
      for (int i = 0; i < PIECES; i++) {
        proxied.client().send("x");
        pace();
      }
      assertEquals("x".repeat(PIECES), proxied.upstream().receive(PIECES));
      assertTrue(proxied.upstream().seesReset());
      awaitCannotSend(proxied.client());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HALF_CLOSED), proxied.reason());
    }
  }

  @Test
  void endsWhenOnePeerTakesNothing() throws Exception {
    for (boolean up : new boolean[] {true, false}) {
      try (Proxied proxied = Proxied.connect(TimeLimits.NONE.writeStall(SHORT))) {
        Client from = up ? proxied.client() : proxied.upstream();
        var cut =
            CompletableFuture.supplyAsync(() -> {
              try {
                from.socket().getOutputStream().write(new byte[200_000_000]);
                return false;
              } catch (IOException reset) {
                return true;
              }
            });
        assertTrue(cut.get(20, TimeUnit.SECONDS));
        var stalled = new CloseReason.TimedOut(TimeLimits.Kind.WRITE_STALL);
        if (up) {
          var reason = assertInstanceOf(CloseReason.UpstreamFailed.class, proxied.reason());
          var closed = assertInstanceOf(ConnectionClosedException.class, reason.cause());
          assertEquals(stalled, closed.reason());
        } else {
          assertEquals(stalled, proxied.reason());
        }
      }
    }
  }

  @Test
  void isNoMessageThoughItFollowsOnOne() throws Exception {
    Proxied.Handshake readsTheBeginningOfAMessage = (connection, _) -> connection.awaitMessage();
    TimeLimits limits = TimeLimits.NONE.message(SHORT);
    try (Proxied proxied = Proxied.connect(limits, readsTheBeginningOfAMessage)) {
      for (int i = 0; i < 30; i++) {
        proxied.client().send("x");
        assertEquals("x", proxied.upstream().receive(1));
        pace();
      }
    }
  }

  @Test
  void thatWaitsIsDrainedInOrder() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      proxied.client().send("hello");
      assertEquals("hello", proxied.upstream().receive(5));
      proxied.server().shutdown();
      assertEquals("", proxied.upstream().receiveAll());
      proxied.upstream().send("last words");
      proxied.upstream().finish();
      assertEquals("last words", proxied.client().receiveAll());
      proxied.client().close();
      assertTrue(proxied.server().awaitTermination(Duration.ofSeconds(10)));
      DrainReport report = proxied.server().drain();
      assertEquals(1, report.finished());
      assertEquals(0, report.forced());
      assertEquals(new Relay.Result(5, 10), proxied.result());
      assertEquals(new CloseReason.Drained(), proxied.reason());
    }
  }

  @Test
  void thatFlowsInEitherDirectionIsDrainedWhenItPauses() throws Exception {
    Undisturbed.run(() -> assertIsDrainedWhenItPauses(true));
    Undisturbed.run(() -> assertIsDrainedWhenItPauses(false));
  }

  private static void assertIsDrainedWhenItPauses(boolean up) throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      Client from = up ? proxied.client() : proxied.upstream();
      Client to = up ? proxied.upstream() : proxied.client();
      from.send("begin");
      assertEquals("begin", to.receive(5));
      proxied.server().shutdown();
      for (int i = 0; i < 20; i++) {
        from.send("piece");
        assertEquals("piece", to.receive(5));
        assertNotFinished(proxied.upstream(), 50);
      }
      assertEquals("", proxied.upstream().receiveAll());
      proxied.upstream().finish();
      assertEquals("", proxied.client().receiveAll());
      assertEquals(new CloseReason.Drained(), proxied.reason());
    }
  }

  @Test
  void isNotDrainedInTheMiddleOfAReplyThatTheClientIsSlowToRead() throws Exception {
    Undisturbed.run(RelayEndTest::assertIsNotDrainedInTheMiddleOfAReply);
  }

  private static void assertIsNotDrainedInTheMiddleOfAReply() throws Exception {
    byte[] reply = new byte[30_000_000];
    try (Proxied proxied = Proxied.connect()) {
      var sent =
          CompletableFuture.runAsync(() -> {
            try {
              proxied.upstream().socket().getOutputStream().write(reply);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      await().until(() -> proxied.client().socket().getInputStream().available() > 0);
      proxied.server().shutdown();
      assertNotFinished(proxied.upstream(), 1_000);
      assertEquals(
          reply.length, proxied.client().socket().getInputStream().readNBytes(reply.length).length);
      sent.get();
      assertEquals("", proxied.upstream().receiveAll());
      proxied.upstream().finish();
      assertEquals("", proxied.client().receiveAll());
    }
  }

  @Test
  void isCancelledAsOneConnection() throws Exception {
    try (Proxied proxied = Proxied.connect()) {
      proxied.client().send("hello");
      assertEquals("hello", proxied.upstream().receive(5));
      proxied.server().shutdownNow();
      assertTrue(proxied.client().seesReset());
      assertTrue(proxied.upstream().seesReset());
      assertTrue(proxied.server().awaitTermination(Duration.ofSeconds(10)));
      assertEquals(1, proxied.server().drain().forced());
      assertEquals(new CloseReason.Cancelled(), proxied.reason());
    }
  }
}
