package io.plainweave.internal.connection;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.time.Ticks;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Who has a turn in the handshake")
@ExtendWith(ResourceGuard.class)
@Timeout(20)
class HandshakeTurnsTest {
  private static final CloseReason LATE = new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE);
  private static final long AN_HOUR = 3_600_000;
  private static final int SECOND = 1_000 / Ticks.MILLIS;

  private final ConnectionEvents events = new ConnectionEvents();

  /** A server whose connections take such a step in their turn. */
  private Server start(HandshakeTurns turns, HandshakeStep step) throws Exception {
    var runner = new HandshakeRunner(List.of(step), turns);
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(connection -> assertTrue(runner.run((SocketConnection) connection, AN_HOUR)))
        .timeLimits(TimeLimits.NONE)
        .observer(events)
        .start();
  }

  private static boolean awaitPeer(SocketConnection connection) throws IOException {
    connection.channel().awaitReadable();
    return true;
  }

  /** Connects a client whose connection waits for it, in its turn. */
  private Client connectAndStall(Server server) throws Exception {
    int others = events.opened();
    Client client = Client.connect(server);
    await()
        .until(() ->
            events.opened() > others
                && events.openConnections().stream()
                    .allMatch(open -> ((SocketConnection) open).channel().isAwaited()));
    return client;
  }

  private static Client connectAndQueue(Server server, HandshakeTurns turns) throws Exception {
    int others = turns.waiting();
    Client client = Client.connect(server);
    await().until(() -> turns.waiting() > others);
    return client;
  }

  private List<CloseReason> awaitReasons(int count) {
    return events.awaitClosed(count).stream().map(ServerEvent.ConnectionClosed::reason).toList();
  }

  @Test
  void losesItAfterASecondWhenItsPeerStallsAndAnotherWaits() throws Exception {
    var turns = new HandshakeTurns(1);
    try (Server server = start(turns, HandshakeTurnsTest::awaitPeer)) {
      Ticks ticks = ServerInsides.ticks(server);
      int before = ticks.now();
      try (Client stalled = connectAndStall(server);
          Client other = connectAndQueue(server, turns)) {
        turns.check(before + SECOND - 1);
        assertEquals(0, events.closed());
        turns.check(ticks.now() + SECOND);
        assertTrue(stalled.seesReset());
        assertEquals(List.of(LATE), awaitReasons(1));
        other.send("x");
        other.finish();
        assertEquals(List.of(LATE, new CloseReason.Finished()), awaitReasons(2));
      }
    }
  }

  @Test
  void keepsItWhileNobodyWaits() throws Exception {
    var turns = new HandshakeTurns(1);
    try (Server server = start(turns, HandshakeTurnsTest::awaitPeer);
        Client slow = connectAndStall(server)) {
      turns.check(ServerInsides.ticks(server).now() + SECOND);
      slow.send("x");
      slow.finish();
      assertEquals(List.of(new CloseReason.Finished()), awaitReasons(1));
    }
  }

  @Test
  void keepsItWhileItIsAtWork() throws Exception {
    var turns = new HandshakeTurns(1);
    var begun = new CountDownLatch(1);
    var work = new CountDownLatch(1);
    HandshakeStep works =
        _ -> {
          begun.countDown();
          work.await();
          return true;
        };
    try (Server server = start(turns, works);
        Client busy = Client.connect(server)) {
      begun.await();
      try (Client other = connectAndQueue(server, turns)) {
        turns.check(ServerInsides.ticks(server).now() + SECOND);
        work.countDown();
        busy.finish();
        other.finish();
        assertEquals(
            List.of(new CloseReason.Finished(), new CloseReason.Finished()), awaitReasons(2));
      }
    }
  }

  @Test
  void losesItOnlyIfItIsTheOldestForEachThatWaits() throws Exception {
    var turns = new HandshakeTurns(2);
    try (Server server = start(turns, HandshakeTurnsTest::awaitPeer);
        Client oldest = connectAndStall(server);
        Client younger = connectAndStall(server);
        Client other = connectAndQueue(server, turns)) {
      turns.check(ServerInsides.ticks(server).now() + SECOND);
      assertTrue(oldest.seesReset());
      // The reset is on its way before the event, and the others may be quicker than it.
      assertEquals(List.of(LATE), awaitReasons(1));
      for (Client client : List.of(younger, other)) {
        client.send("x");
        client.finish();
      }
      var finished = new CloseReason.Finished();
      assertEquals(List.of(LATE, finished, finished), awaitReasons(3));
    }
  }
}
