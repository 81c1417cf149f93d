package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.time.Ticks;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** By a clock that the test moves: there is no server, and no reaper. */
@DisplayName("A time limit of one connection")
@ExtendWith(ResourceGuard.class)
@Timeout(20)
class OwnLimitsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final int SECOND_IN_TICKS = Ticks.of(SECOND);

  private final Home home =
      ServerInsides.homeOf(
          Server.builder().listen(Listen.tcp(0), _ -> {}).timeLimits(TimeLimits.NONE.idle(SECOND)));

  private SocketChannel peer;
  private SocketConnection connection;

  @BeforeEach
  void accept() throws Exception {
    home.pollers().open();
    try (var listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      peer = SocketChannel.open(listener.getLocalAddress());
      SocketChannel accepted = listener.accept();
      connection = SocketConnection.accepted(home, accepted, accepted.getLocalAddress());
    }
    connection.channel().prepare();
  }

  @AfterEach
  void close() throws Exception {
    connection.abort();
    peer.close();
    home.pollers().close();
  }

  private static <T> FutureTask<T> start(Callable<T> task) {
    var started = new FutureTask<>(task);
    Thread.startVirtualThread(started);
    return started;
  }

  private ConnectionActivity activity() {
    return connection.input().activity();
  }

  /** Waits for input, as a handler does. */
  private FutureTask<Integer> read() {
    FutureTask<Integer> read = start(connection.input()::read);
    await().until(this::activity, ConnectionActivity.WAITING::equals);
    return read;
  }

  private void pass(int ticks) {
    for (int i = 0; i < ticks; i++) {
      home.ticks().advance();
      look();
    }
  }

  private void look() {
    connection.home().timeCheck().apply(connection, home.ticks().now(), false);
  }

  private void assertInputEndedBy(TimeLimits.Kind kind, FutureTask<Integer> read) throws Exception {
    assertEquals(-1, read.get());
    assertEquals(new CloseReason.TimedOut(kind), connection.input().endedBy());
  }

  @Test
  void appliesAtOnceIfItIsLoweredBelowWhatHasPassed() throws Exception {
    FutureTask<Integer> read = read();
    connection.changeTimeLimits(TimeLimits.NONE);
    pass(SECOND_IN_TICKS - 1);
    connection.changeTimeLimits(TimeLimits.NONE.idle(SECOND.dividedBy(2)));
    look();
    assertInputEndedBy(TimeLimits.Kind.IDLE, read);
  }

  @Test
  void letsAWaitGoOnIfItIsRaised() throws Exception {
    FutureTask<Integer> read = read();
    pass(SECOND_IN_TICKS - 1);
    connection.changeTimeLimits(TimeLimits.NONE.idle(SECOND.multipliedBy(2)));
    pass(SECOND_IN_TICKS);
    assertEquals(ConnectionActivity.WAITING, activity());
    pass(1); // two seconds since it waits, not since the change
    assertInputEndedBy(TimeLimits.Kind.IDLE, read);
  }

  @Test
  void isNoneIfItIsZero() throws Exception {
    FutureTask<Integer> read = read();
    connection.changeTimeLimits(connection.timeLimits().idle(Duration.ZERO));
    pass(1_000 * SECOND_IN_TICKS);
    assertEquals(ConnectionActivity.WAITING, activity());
    assertFalse(read.isDone());
  }

  @Test
  void revivesNothingThatAnotherHasEnded() throws Exception {
    FutureTask<Integer> read = read();
    pass(SECOND_IN_TICKS);
    assertInputEndedBy(TimeLimits.Kind.IDLE, read);
    connection.changeTimeLimits(TimeLimits.NONE);
    pass(2 * SECOND_IN_TICKS); // what a handler has to say goodbye
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), connection.reason());
  }

  @Test
  void endsALifeThatIsLongerAlready() throws Exception {
    FutureTask<Integer> read = read();
    connection.changeTimeLimits(TimeLimits.NONE);
    pass(2 * SECOND_IN_TICKS);
    connection.changeTimeLimits(TimeLimits.NONE.lifetime(SECOND));
    look();
    assertInputEndedBy(TimeLimits.Kind.LIFETIME, read);
  }

  @Test
  void endsAMessageThatTakesLongerAlready() throws Exception {
    peer.write(ByteBuffer.wrap(new byte[] {7}));
    connection.awaitMessage();
    pass(2 * SECOND_IN_TICKS);
    assertNull(connection.reason());
    connection.changeTimeLimits(TimeLimits.NONE.message(SECOND));
    look();
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.MESSAGE), connection.reason());
  }

  @Test
  void endsAWriteThatWaitsForThePeer() {
    FutureTask<Void> write =
        start(() -> {
          connection.output().write(new byte[100_000_000]);
          return null;
        });
    await().until(() -> connection.socketOutput().isSending());
    pass(2 * SECOND_IN_TICKS);
    assertNull(connection.reason());
    connection.changeTimeLimits(TimeLimits.NONE.writeStall(SECOND));
    await()
        .until(() -> {
          pass(1);
          return write.isDone();
        });
    assertThrows(ExecutionException.class, write::get);
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.WRITE_STALL), connection.reason());
  }

  @Test
  void endsTheWaitForAPeerThatDoesNotFinish() throws IOException {
    connection.changeTimeLimits(TimeLimits.NONE);
    connection.finishOutput();
    FutureTask<Integer> read = read();
    pass(2 * SECOND_IN_TICKS);
    assertFalse(read.isDone());
    connection.changeTimeLimits(TimeLimits.NONE.halfClosed(SECOND));
    look();
    assertThrows(ExecutionException.class, read::get);
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HALF_CLOSED), connection.reason());
  }

  @Test
  void isKeptWhenThoseOfTheOthersAreChanged() {
    TimeLimits others = TimeLimits.DEFAULT.idle(SECOND.multipliedBy(9));
    home.timeCheck().change(others);
    assertEquals(others, connection.timeLimits());
    TimeLimits own = others.idle(Duration.ZERO);
    connection.changeTimeLimits(own);
    home.timeCheck().change(TimeLimits.NONE);
    assertEquals(own, connection.timeLimits());
    assertEquals(TimeLimits.NONE, home.timeCheck().timeLimits());
  }

  @Test
  void isChangedAgainAndAgainWithoutLeavingAnything() {
    for (int i = 1; i <= 3; i++) {
      connection.changeTimeLimits(TimeLimits.NONE.idle(SECOND.multipliedBy(i)));
    }
    var limited = (LimitedHome) connection.home();
    assertSame(home, limited.shared());
    assertEquals(SECOND.multipliedBy(3), connection.timeLimits().idle());
  }
}
