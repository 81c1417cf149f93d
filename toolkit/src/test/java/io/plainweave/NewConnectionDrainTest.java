package io.plainweave;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** By a clock that the test moves: there is no server, and no reaper. */
@DisplayName("In a drain, a connection that has just been accepted")
@Timeout(20)
class NewConnectionDrainTest {
  private final Ticks ticks = new Ticks();
  private final Pollers pollers = new Pollers(0);
  private SocketChannel peer;
  private SocketConnection connection;
  private FutureTask<Boolean> message;

  @BeforeEach
  void acceptAndWaitForAMessage() throws Exception {
    pollers.open();
    try (var listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      peer = SocketChannel.open(listener.getLocalAddress());
      SocketChannel accepted = listener.accept();
      connection = SocketConnection.accepted(context(), accepted, accepted.getLocalAddress());
    }
    connection.channel().prepare();
    message = new FutureTask<>(connection::awaitMessage);
    Thread.startVirtualThread(message);
    await().until(this::activity, ConnectionActivity.WAITING::equals);
  }

  @AfterEach
  void close() throws Exception {
    connection.abort();
    peer.close();
    pollers.close();
  }

  private ConnectionContext context() {
    var registry = new ConnectionRegistry();
    var events = new ServerEvents(new ServerLog(), List.of());
    var admission =
        new Admission(
            AdmissionRules.DEFAULT, registry, ticks, events, new Descriptors(Integer.MAX_VALUE));
    return new ConnectionContext(
        connection -> {},
        admission,
        admission.add(Listen.tcp(0), new InetSocketAddress(0)),
        registry,
        new DatagramRegistry(List.of()),
        new BufferPool(),
        pollers,
        ticks,
        new TimeCheck(TimeLimits.DEFAULT),
        new Drain(Duration.ZERO, Duration.ZERO, Duration.ZERO, ticks),
        events,
        new PrefaceRunner(List.of(), new Semaphore(1)));
  }

  private ConnectionActivity activity() {
    return connection.input().activity();
  }

  private void nextTick() {
    ticks.advance();
    connection.drain(ticks.now());
  }

  @Test
  void hasTwoWholeTicksForItsFirstMessage() throws Exception {
    connection.drain(ticks.now());
    // The first one may have begun long before the connection.
    nextTick();
    nextTick();
    assertEquals(ConnectionActivity.WAITING, activity());

    peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
    peer.write(ByteBuffer.wrap(new byte[] {'x'}));
    await().until(() -> connection.channel().available() == 1);
    connection.channel().wakeReader(); // nobody else does: the poller has no thread
    assertTrue(message.get(10, TimeUnit.SECONDS));
  }

  @Test
  void isToldAfterThem() throws Exception {
    nextTick();
    nextTick();
    nextTick();
    assertFalse(message.get(10, TimeUnit.SECONDS));
  }
}
