package io.plainweave.internal.connection;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.time.Ticks;
import io.plainweave.protocol.Protocols;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
@DisplayName("A peek that waits for its rest")
@ExtendWith(ResourceGuard.class)
@Timeout(20)
class PeekLimitsTest {
  private static final int SECOND = Ticks.of(Duration.ofSeconds(1));

  private final Home home =
      ServerInsides.homeOf(
          Server.builder()
              .listen(Listen.tcp(0), _ -> {})
              .timeLimits(
                  TimeLimits.NONE
                      .handshake(Duration.ofSeconds(3))
                      .message(Duration.ofSeconds(5))
                      .firstByte(Duration.ofSeconds(7))
                      .idle(Duration.ofSeconds(7))));

  private final List<FutureTask<?>> pollers = new ArrayList<>();
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
    home.pollers().stop();
    for (FutureTask<?> poller : pollers) {
      poller.get(10, SECONDS);
    }
    home.pollers().close();
  }

  private static <T> FutureTask<T> start(Callable<T> task) {
    var started = new FutureTask<>(task);
    Thread.startVirtualThread(started);
    return started;
  }

  private void runPollers() {
    home.pollers().all().forEach(poller -> pollers.add(start(poller::call)));
  }

  private FutureTask<byte[]> peek(int count) {
    runPollers();
    return start(() -> connection.peek(count));
  }

  private void send(int count) throws IOException {
    long before = connection.input().received();
    peer.write(ByteBuffer.wrap(new byte[count]));
    await().until(() -> connection.input().received() == before + count);
  }

  private void awaitActivity(ConnectionActivity activity) {
    await().until(() -> connection.input().activity(), activity::equals);
  }

  /** Peeks at so many bytes of which one has come. */
  private FutureTask<byte[]> peekAt(int count) throws IOException {
    FutureTask<byte[]> peek = peek(count);
    awaitActivity(ConnectionActivity.WAITING);
    send(1);
    awaitActivity(ConnectionActivity.WAITING_IN_MESSAGE);
    return peek;
  }

  private void pass(int ticks) {
    for (int i = 0; i < ticks; i++) {
      home.ticks().advance();
      home.timeCheck().apply(connection, home.ticks().now(), false);
    }
  }

  /** A byte a second; after how many seconds it is ended. */
  private int dripUntilEnd() throws IOException {
    for (int seconds = 0; ; seconds++) {
      if (connection.reason() != null) {
        return seconds;
      }
      send(1);
      awaitActivity(ConnectionActivity.WAITING_IN_MESSAGE);
      pass(SECOND);
    }
  }

  private void assertEndedBy(TimeLimits.Kind kind, FutureTask<?> peek) {
    assertEquals(new CloseReason.TimedOut(kind), connection.reason());
    assertThrows(ExecutionException.class, () -> peek.get(10, SECONDS));
  }

  @Test
  void isCutByTheLimitOfTheHandshakeThoughAByteComesEverySecond() throws Exception {
    FutureTask<byte[]> peek = peek(100);
    assertEquals(3, dripUntilEnd());
    assertEndedBy(TimeLimits.Kind.HANDSHAKE, peek);
  }

  @Test
  void hasOneTimeForAllLooksAtTheSameBytes() throws Exception {
    runPollers();
    FutureTask<byte[]> peek =
        start(() -> {
          for (int i = 1; i < 100; i++) {
            connection.peek(i);
          }
          return null;
        });
    send(1);
    awaitActivity(ConnectionActivity.WAITING_IN_MESSAGE);
    assertEquals(3, dripUntilEnd());
    assertEndedBy(TimeLimits.Kind.HANDSHAKE, peek);
  }

  @Test
  void isCutInTimeWhereItTellsProtocolsApart() throws Exception {
    runPollers();
    Handler protocols = Protocols.NONE.startsWith(new byte[100], _ -> {}).otherwise(_ -> {});
    FutureTask<Void> choice =
        start(() -> {
          protocols.handle(connection);
          return null;
        });
    send(1);
    awaitActivity(ConnectionActivity.WAITING_IN_MESSAGE);
    assertEquals(3, dripUntilEnd());
    assertEndedBy(TimeLimits.Kind.HANDSHAKE, choice);
  }

  @Test
  void isCutByTheLimitOfAMessageBehindWhatWasRead() throws Exception {
    peer.write(ByteBuffer.wrap(new byte[1]));
    connection.input().read();
    FutureTask<byte[]> peek = peek(100);
    assertEquals(5, dripUntilEnd());
    assertEndedBy(TimeLimits.Kind.MESSAGE, peek);
  }

  @Test
  void isAPartOfTheMessageThatIsOpen() throws Exception {
    peer.write(ByteBuffer.wrap(new byte[1]));
    connection.awaitMessage();
    pass(2 * SECOND);
    FutureTask<byte[]> peek = peek(100);
    assertEquals(3, dripUntilEnd());
    assertEndedBy(TimeLimits.Kind.MESSAGE, peek);
  }

  @Test
  void waitsForItsFirstByteAsEveryRead() throws Exception {
    FutureTask<byte[]> peek = peek(100);
    awaitActivity(ConnectionActivity.WAITING);
    pass(7 * SECOND);
    assertArrayEquals(new byte[0], peek.get(10, SECONDS));
    assertEquals(
        new CloseReason.TimedOut(TimeLimits.Kind.FIRST_BYTE), connection.input().endedBy());
  }

  @Test
  void isLeftAloneByTheDrain() throws Exception {
    FutureTask<byte[]> peek = peekAt(3);
    pass(SECOND);
    connection.drain(home.ticks().now());
    assertFalse(peek.isDone());
    send(2);
    assertArrayEquals(new byte[3], peek.get(10, SECONDS));
  }

  @Test
  void isNoEndOfThePeerIfTheDrainHasEndedTheInputJustWhenAByteCame() throws Exception {
    // Nobody tells the thread that waits that there is a byte.
    FutureTask<byte[]> peek = start(() -> connection.peek(3));
    awaitActivity(ConnectionActivity.WAITING);
    peer.write(ByteBuffer.wrap(new byte[1]));
    connection.input().end(new CloseReason.Drained(), home.ticks().now());
    var failure = assertThrows(ExecutionException.class, () -> peek.get(10, SECONDS));
    var closed = assertInstanceOf(ConnectionClosedException.class, failure.getCause());
    assertEquals(new CloseReason.Drained(), closed.reason());
  }

  @Test
  void isOverWhenAllHasCome() throws Exception {
    FutureTask<byte[]> peek = peekAt(3);
    send(2);
    peek.get(10, SECONDS);
    assertEquals(ConnectionActivity.WORKING, connection.input().activity());
    pass(100 * SECOND);
    assertNull(connection.reason());
  }

  @Test
  void isNoTimeForTheMessageThatBeginsWithIt() throws Exception {
    FutureTask<byte[]> peek = peekAt(3);
    pass(2 * SECOND);
    send(2);
    peek.get(10, SECONDS);
    connection.awaitMessage();
    pass(4 * SECOND);
    assertNull(connection.reason());
    pass(SECOND);
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.MESSAGE), connection.reason());
  }

  @Test
  void showsWhatThereIsIfThePeerFinishes() throws Exception {
    FutureTask<byte[]> peek = peekAt(3);
    peer.shutdownOutput();
    assertArrayEquals(new byte[1], peek.get(10, SECONDS));
    assertArrayEquals(new byte[1], connection.peek(3));
    assertEquals(0, connection.input().read());
    assertEquals(-1, connection.input().read());
  }

  @Test
  void holdsNoBufferOfThePool() throws Exception {
    FutureTask<byte[]> peek = peekAt(3);
    assertEquals(1, connection.input().unread().capacity());
    send(2);
    peek.get(10, SECONDS);
  }
}
