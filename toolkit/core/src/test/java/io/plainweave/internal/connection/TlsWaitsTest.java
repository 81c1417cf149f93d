package io.plainweave.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import io.plainweave.Handler;
import io.plainweave.PeerState;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.TlsPeer;
import io.plainweave.fixture.TlsTest;
import io.plainweave.server.Server;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("By TLS, a wait that ends in the middle of a record")
class TlsWaitsTest extends TlsTest {
  private TlsPeer connect(Server server) throws IOException {
    return TlsPeer.connect(server, tls.clientTls().newEngine("localhost", server.port()));
  }

  private static byte[] firstHalf(byte[] record) {
    return Arrays.copyOf(record, record.length / 2);
  }

  private static byte[] secondHalf(byte[] record) {
    return Arrays.copyOfRange(record, record.length / 2, record.length);
  }

  private static void ask(Connection connection) throws IOException {
    connection.output().write('?');
    connection.output().flush();
  }

  /** Answers with what it reads, in capitals. */
  private static void answer(Connection connection) throws IOException {
    var text = new String(connection.input().readNBytes(5), US_ASCII);
    connection.output().write(text.toUpperCase(Locale.ROOT).getBytes(US_ASCII));
  }

  /** The handler asks for the second half when it has done what it does with the first one. */
  private void assertAnswered(Handler handler) throws Exception {
    try (Server server = start(handler);
        TlsPeer peer = connect(server)) {
      byte[] record = peer.record("hello");
      peer.send(firstHalf(record));
      assertEquals("?", receiveData(peer));
      peer.send(secondHalf(record));
      assertEquals("HELLO", receiveData(peer));
      peer.close();
    }
  }

  /** Some records of the engine have none. */
  private static String receiveData(TlsPeer peer) throws IOException {
    String data = "";
    while (data.isEmpty()) {
      data = peer.receive();
    }
    return data;
  }

  @Test
  void byADeadlineLosesNothing() throws Exception {
    assertAnswered(connection -> {
      assertThrows(
          DeadlineExceededException.class,
          () -> Deadline.in(Duration.ofMillis(100)).call(() -> connection.input().read()));
      ask(connection);
      answer(connection);
    });
  }

  @Test
  void byADeadlineInAMessageLeavesTheOutputOpen() throws Exception {
    Handler handler =
        connection -> {
          connection.awaitMessage();
          connection.input().readNBytes(3);
          assertThrows(
              DeadlineExceededException.class,
              () -> Deadline.in(Duration.ofMillis(100)).call(() -> connection.input().read()));
          assertThrows(ConnectionClosedException.class, () -> connection.input().read());
          connection.output().write("late".getBytes(US_ASCII));
        };
    try (Server server = start(handler);
        TlsPeer peer = connect(server)) {
      peer.send(peer.record("mes"));
      peer.send(firstHalf(peer.record("sage")));
      assertEquals("late", receiveData(peer));
      peer.close();
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE), events.awaitReason());
    }
  }

  @Test
  void byTheCancelOfItsTaskLosesNothing() throws Exception {
    assertAnswered(connection -> {
      try (var scope = connection.openScope()) {
        var reader = scope.fork("reader", () -> connection.input().read());
        Connections.awaitWaiting(connection, ConnectionActivity.WAITING);
        reader.cancel();
        assertThrows(CancellationException.class, reader::join);
        ask(connection);
        answer(connection);
        scope.join();
      }
    });
  }

  @Test
  void byTheCancelOfItsTaskCutsNoEndOfTheOutput() throws Exception {
    var running = new CountDownLatch(1);
    Handler handler =
        connection -> {
          try (var scope = connection.openScope()) {
            var writer =
                scope.fork(
                    "writer",
                    () -> {
                      running.countDown();
                      while (!Thread.currentThread().isInterrupted()) {
                        LockSupport.park();
                      }
                      connection.output().write("bye".getBytes(US_ASCII));
                      connection.finishOutput();
                    });
            running.await();
            writer.cancel();
            scope.join();
          }
        };
    try (Server server = start(handler);
        TlsPeer peer = connect(server)) {
      assertEquals("bye", receiveData(peer));
      peer.close();
      assertEquals(new CloseReason.Finished(), events.awaitReason());
    }
  }

  @Test
  void becauseItIsALookOnlyLosesNothing() throws Exception {
    assertAnswered(connection -> {
      for (int i = 0; i < 100; i++) {
        assertEquals(PeerState.OPEN, connection.peerState());
      }
      ask(connection);
      for (int i = 0; i < 100; i++) {
        assertEquals(PeerState.OPEN, connection.peerState());
      }
      answer(connection);
    });
  }

  // The ends that TLS has

  private static void awaitState(Connection connection, PeerState state) {
    await().until(() -> connection.peerState() == state);
  }

  @Test
  void seesAFinWithoutCloseNotifyAndLeavesItToTheReader() throws Exception {
    Handler handler =
        connection -> {
          awaitState(connection, PeerState.FINISHED);
          connection.input().read();
        };
    try (Server server = start(handler);
        TlsPeer peer = connect(server)) {
      peer.close();
      assertInstanceOf(CloseReason.Truncated.class, events.awaitReason());
    }
  }

  @Test
  void seesAReset() throws Exception {
    Handler handler =
        connection -> {
          ask(connection);
          awaitState(connection, PeerState.GONE);
        };
    try (Server server = start(handler);
        TlsPeer peer = connect(server)) {
      assertEquals("?", receiveData(peer));
      peer.reset();
      assertInstanceOf(CloseReason.PeerReset.class, events.awaitReason());
    }
  }
}
