package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.MessageReader;
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

/**
 * By a clock that the test moves: there is no server, and no reaper. The packets are those of MQTT
 * 3.1.1, sections 3.1 and 3.12.
 */
@DisplayName("The keep-alive that a client of MQTT has named")
@ExtendWith(ResourceGuard.class)
@Timeout(20)
class KeepAliveTest {
  private static final int HALF_A_SECOND = Ticks.of(Duration.ofMillis(500));
  private static final byte[] PING = {(byte) 0xC0, 0};
  private static final byte[] PUBLISH = {0x30, 3, 0, 1, 'a'};

  private final Home home =
      ServerInsides.homeOf(
          Server.builder().listen(Listen.tcp(0), _ -> {}).timeLimits(TimeLimits.DEFAULT));

  private final List<FutureTask<?>> pollers = new ArrayList<>();

  private SocketChannel peer;
  private SocketConnection connection;

  @BeforeEach
  void accept() throws Exception {
    home.pollers().open();
    home.pollers().all().forEach(task -> pollers.add(start(task::call)));
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
      poller.get();
    }
    home.pollers().close();
  }

  private static <T> FutureTask<T> start(Callable<T> task) {
    var started = new FutureTask<T>(task);
    Thread.startVirtualThread(started);
    return started;
  }

  /** Serves until the client is silent for longer than it has said; returns its pings. */
  private static int serve(Connection connection) throws IOException {
    connection.awaitMessage();
    MessageReader connect = MessageReader.of(connection);
    byte[] fields = connect.readBytes(12); // fixed header, name and level, flags, keep-alive
    connect.readBytes(fields[1] - 10); // the client's name
    connection.endMessage();
    int seconds = ByteBuffer.wrap(fields).getShort(10);
    Duration silence = Duration.ofMillis(seconds * 1_500L); // section 3.1.2.10
    connection.changeTimeLimits(connection.timeLimits().idle(Duration.ZERO).silence(silence));
    int pings = 0;
    for (; connection.awaitMessage(); pings++) {
      MessageReader.of(connection).readBytes(2);
      connection.endMessage();
    }
    return pings;
  }

  private static byte[] connect(int seconds) {
    var packet = ByteBuffer.allocate(17);
    packet.put((byte) 0x10).put((byte) 15).putShort((short) 4).put("MQTT".getBytes(US_ASCII));
    packet.put((byte) 4).put((byte) 2).putShort((short) seconds);
    return packet.putShort((short) 3).put("cat".getBytes(US_ASCII)).array();
  }

  private void send(byte[] packet) throws IOException {
    long before = connection.input().received();
    peer.write(ByteBuffer.wrap(packet));
    await().until(() -> connection.input().received() == before + packet.length);
    await().until(() -> connection.input().activity(), ConnectionActivity.WAITING::equals);
  }

  private void pass(int ticks) {
    for (int i = 0; i < ticks; i++) {
      home.ticks().advance();
      connection.home().timeCheck().apply(connection, home.ticks().now(), false);
    }
  }

  @Test
  void endsTheConnectionWhenTheClientIsSilentForHalfAsLongAgainWhateverIsSentToIt()
      throws Exception {
    FutureTask<Integer> served = start(() -> serve(connection));
    send(connect(2));
    pass(5 * HALF_A_SECOND);
    send(PING);
    for (int i = 0; i < 5; i++) {
      pass(HALF_A_SECOND);
      connection.output().write(PUBLISH);
      connection.output().flush();
    }
    pass(HALF_A_SECOND - 1);
    assertEquals(ConnectionActivity.WAITING, connection.input().activity());
    pass(1);
    assertEquals(1, served.get());
    assertEquals(
        new CloseReason.TimedOut(TimeLimits.Kind.SILENCE), connection.closeReason().orElseThrow());
  }

  @Test
  void isNoneIfItIsZero() throws Exception {
    FutureTask<Integer> served = start(() -> serve(connection));
    send(connect(0));
    pass(10_000 * HALF_A_SECOND);
    assertFalse(served.isDone());
    send(PING);
    assertEquals(ConnectionActivity.WAITING, connection.input().activity());
  }

  @Test
  void isForThoseTooWhoFallSilentInTheMiddleOfAPacket() throws Exception {
    FutureTask<Integer> served = start(() -> serve(connection));
    send(connect(2));
    peer.write(ByteBuffer.wrap(PING, 0, 1));
    await()
        .until(() -> connection.input().activity(), ConnectionActivity.WAITING_IN_MESSAGE::equals);
    pass(6 * HALF_A_SECOND);
    var failed = assertThrows(ExecutionException.class, served::get);
    assertEquals(
        new CloseReason.TimedOut(TimeLimits.Kind.SILENCE),
        ((ConnectionClosedException) failed.getCause()).reason());
  }
}
