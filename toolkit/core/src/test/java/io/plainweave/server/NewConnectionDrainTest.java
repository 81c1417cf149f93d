package io.plainweave.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.internal.connection.ConnectionActivity;
import io.plainweave.internal.connection.ConnectionPhase;
import io.plainweave.internal.connection.SocketConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.FutureTask;
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
  /** Of a server that is never started. */
  private ServerHome home;

  private SocketChannel peer;
  private SocketConnection connection;
  private FutureTask<Boolean> message;

  @BeforeEach
  void acceptAndWaitForAMessage() throws Exception {
    home = ServerHomes.open(_ -> {}, _ -> {});
    ServerHome own =
        home.of(
            new ServerHome.ListenPlace(Listen.tcp(0), home.handler()), new InetSocketAddress(0));
    try (var listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      peer = SocketChannel.open(listener.getLocalAddress());
      SocketChannel accepted = listener.accept();
      connection = SocketConnection.accepted(own, accepted, accepted.getLocalAddress());
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
    home.pollers().close();
  }

  private ConnectionActivity activity() {
    return connection.input().activity();
  }

  private void nextTick() {
    home.ticks().advance();
    connection.drain(home.ticks().now());
  }

  @Test
  void hasTwoWholeTicksForItsFirstMessage() throws Exception {
    connection.drain(home.ticks().now());
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
  void hasThemFromTheEndOfItsHandshake() throws Exception {
    connection.enter(ConnectionPhase.HANDSHAKE);
    home.ticks().advance();
    home.ticks().advance();
    home.ticks().advance();
    connection.enter(ConnectionPhase.HANDLER);
    connection.drain(home.ticks().now());
    nextTick();
    nextTick();
    assertEquals(ConnectionActivity.WAITING, activity());
    nextTick();
    assertFalse(message.get(10, TimeUnit.SECONDS));
  }

  @Test
  void isToldAfterThem() throws Exception {
    nextTick();
    nextTick();
    nextTick();
    assertFalse(message.get(10, TimeUnit.SECONDS));
  }
}
