package io.plainweave.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.event.DrainReport;
import io.plainweave.event.HandlerPosition;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.Undisturbed;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Ticks;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A drain")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DrainTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  /** Reads messages of two bytes and answers each with the first of them. */
  private static final Handler MESSAGES =
      connection -> {
        while (connection.awaitMessage()) {
          byte[] message = connection.input().readNBytes(2);
          connection.endMessage();
          connection.output().write(message[0]);
        }
      };

  private final ConnectionEvents events = new ConnectionEvents();

  private ServerBuilder builder(Handler handler) {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .observer(events)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false);
  }

  private static CompletableFuture<DrainReport> drainInBackground(Server server) {
    return CompletableFuture.supplyAsync(server::drain, Thread::startVirtualThread);
  }

  /** The time by which the server goes: after a pause of the machine some come at once. */
  private static int ticks(Server server) {
    return server.home().ticks().now();
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Test
  void ofNothingReportsNothing() throws Exception {
    try (Server server = builder(ECHO).start()) {
      DrainReport report = server.drain();
      assertEquals(0, report.finished());
      assertEquals(0, report.forced());
      assertEquals(List.of(), report.forcedAt());
      assertEquals(List.of(), report.survivors());
    }
  }

  @Test
  void forEverWaitsThoughItsTimesHaveNoSum() throws Exception {
    Duration forEver = Duration.ofSeconds(Long.MAX_VALUE);
    try (Server server =
            builder(ECHO).drainDelay(Duration.ofMillis(100)).drainTimeout(forEver).start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      var drain = drainInBackground(server);
      await().until(() -> server.state().isAtLeast(ServerState.DRAINING));
      client.finish();
      assertEquals(0, drain.get(10, TimeUnit.SECONDS).forced());
    }
    Ticks ticks = new Ticks();
    var drain = new Drain(forEver, forEver, forEver, ticks);
    try (Server server = builder(ECHO).start()) {
      assertTrue(drain.begin(new Lifecycle(), server.home()));
      drain.limit();
      assertFalse(drain.finishesListeners(1));
      assertFalse(drain.finishes(Integer.MAX_VALUE, 1));
      assertFalse(drain.isOver(1));
    }
  }

  @Test
  void leavesNothingAvailableThatARoundOfReadingWouldNotGet() throws Exception {
    var available = new CompletableFuture<Integer>();
    Handler reads =
        connection -> {
          assertEquals('x', connection.input().read());
          assertEquals(-1, connection.input().read());
          connection.output().write('!');
          connection.output().flush();
          await().until(() -> connection.input().available() > 0 || hasMore(connection));
          available.complete(connection.input().available());
        };
    try (Server server = builder(reads).start();
        Client client = Client.connect(server)) {
      client.send("x");
      await().until(() -> server.connections() == 1);
      var drain = drainInBackground(server);
      assertEquals("!", client.receive(1));
      client.send("late");
      assertEquals(0, available.get(10, TimeUnit.SECONDS));
      client.finish();
      assertEquals(0, drain.get(10, TimeUnit.SECONDS).forced());
    }
  }

  /** Whether the socket has something, whoever may read it. */
  private static boolean hasMore(Connection connection) throws IOException {
    return ((SocketConnection) connection).channel().available() > 0;
  }

  @Test
  void endsAConnectionBetweenTwoMessages() throws Exception {
    try (Server server = builder(MESSAGES).start();
        Client client = Client.connect(server)) {
      client.send("ab");
      assertEquals("a", client.receive(1));
      DrainReport report = server.drain();
      assertEquals("", client.receiveAll());
      assertEquals(1, report.finished());
      assertEquals(0, report.forced());
      assertEquals(new CloseReason.Drained(), events.awaitReason());
    }
  }

  @Test
  void letsAMessageThatWasBegunBeCompletedAndAnswered() throws Exception {
    try (Server server = builder(MESSAGES).start();
        Client client = Client.connect(server)) {
      client.send("a");
      await().until(() -> events.opened() == 1);
      // The answer to a message that is complete shows that the next one was begun.
      client.send("bc");
      assertEquals("a", client.receive(1));
      var drain = drainInBackground(server);
      await().until(() -> server.state() == ServerState.DRAINING);
      pause(500);
      assertFalse(drain.isDone());
      client.send("d");
      assertEquals("c", client.receiveAll());
      client.finish();
      assertEquals(1, drain.get(10, TimeUnit.SECONDS).finished());
    }
  }

  @Test
  void endsAConnectionThatIsNeverFoundWaiting() throws Exception {
    try (Server server = builder(MESSAGES).start();
        Client client = Client.connect(server)) {
      var answered = new CompletableFuture<Boolean>();
      var flood =
          CompletableFuture.runAsync(
              () -> {
                try {
                  while (true) {
                    client.send("ab".repeat(500));
                    answered.complete("a".repeat(500).equals(client.receive(500)));
                  }
                } catch (IOException endedByTheDrain) {
                  // As it is to be.
                }
              },
              Thread::startVirtualThread);
      assertTrue(answered.get(10, TimeUnit.SECONDS));
      DrainReport report = server.drain();
      assertEquals(1, report.finished());
      assertEquals(0, report.forced());
      assertEquals(new CloseReason.Drained(), events.awaitReason());
      flood.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void saysHowManyHaveFinishedAndWhereTheOthersStood() throws Exception {
    var stop = new AtomicBoolean();
    Handler byFirstByte =
        connection -> {
          switch (connection.input().read()) {
            case 's' -> sleep();
            case 'i' -> ignoreInterrupts(stop);
            default -> connection.input().transferTo(connection.output());
          }
        };
    List<Client> clients = new ArrayList<>();
    try (Server server = builder(byFirstByte).drainTimeout(Duration.ofSeconds(1)).start()) {
      for (String kind : "eeeeesssii".split("")) {
        Client client = Client.connect(server);
        clients.add(client);
        client.send(kind);
      }
      for (Client client : clients.subList(0, 5)) {
        client.exchange("hello");
      }
      await().until(() -> positionsOf("sleep", "ignoreInterrupts") == 5);
      int begin = ticks(server);
      server.shutdown();
      await().until(() -> events.closed() == 5);
      DrainReport report = server.drain();
      assertEquals(5, report.finished());
      assertEquals(5, report.forced());
      assertEquals(3, standIn(report.forcedAt(), "sleep"));
      assertEquals(2, standIn(report.forcedAt(), "ignoreInterrupts"));
      assertEquals(2, standIn(report.survivors(), "ignoreInterrupts"));
      assertTrue(ticks(server) - begin >= Ticks.of(Duration.ofSeconds(1)), report::toString);
      assertSame(report, server.drain());
      stop.set(true);
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertSame(report, server.drain(), "there is one report");
      events.awaitClosed(10);
    } finally {
      stop.set(true);
      for (Client client : clients) {
        client.close();
      }
    }
  }

  private static void sleep() throws InterruptedException {
    Thread.sleep(Duration.ofDays(1));
  }

  private static void ignoreInterrupts(AtomicBoolean stop) {
    while (!stop.get()) {
      pause(10);
      Thread.interrupted();
    }
  }

  private static long standIn(List<HandlerPosition> positions, String method) {
    return positions.stream()
        .filter(position ->
            position.stack().stream().anyMatch(frame -> frame.getMethodName().equals(method)))
        .count();
  }

  /** How many handlers stand in one of these methods of this class. */
  private long positionsOf(String... methods) {
    return events.openConnections().stream()
        .map(connection -> ((SocketConnection) connection).position())
        .filter(position -> position != null)
        .filter(position ->
            List.of(methods).stream().anyMatch(method -> standIn(List.of(position), method) == 1))
        .count();
  }

  @Test
  void keepsTheListenersOpenDuringItsDelay() throws Exception {
    Undisturbed.run(this::drainWithDelay);
  }

  private void drainWithDelay() throws Exception {
    try (Server server = builder(ECHO).drainDelay(Duration.ofSeconds(2)).start();
        Client early = Client.connect(server)) {
      early.exchange("hello");
      var drain = drainInBackground(server);
      await().until(() -> server.state() == ServerState.DRAINING);
      try (Client late = Client.connect(server)) {
        late.exchange("still served");
        early.exchange("me, too");
        assertEquals("", late.receiveAll());
        assertEquals("", early.receiveAll());
      }
      assertEquals(2, drain.get(10, TimeUnit.SECONDS).finished());
      assertRefused(server);
    }
  }

  private static void assertRefused(Server server) throws IOException {
    try (Client client = Client.connect(server)) {
      throw new AssertionError("connected: " + client);
    } catch (ConnectException expected) {
      // Nobody listens.
    }
  }

  @Test
  void hasItsTimeoutBehindItsDelay() throws Exception {
    try (Server server =
            builder(connection -> sleep())
                .drainDelay(Duration.ofMillis(700))
                .drainTimeout(Duration.ofMillis(700))
                .start();
        Client client = Client.connect(server)) {
      await().until(() -> events.opened() == 1);
      int begin = ticks(server);
      DrainReport report = server.drain();
      assertEquals(1, report.forced());
      assertTrue(ticks(server) - begin >= Ticks.of(Duration.ofMillis(1_400)), report::toString);
      assertTrue(client.seesReset());
    }
  }

  @Test
  void spreadsTheEndsOfWaitingConnections() throws Exception {
    int count = 60;
    List<Client> clients = new ArrayList<>();
    try (Server server = builder(ECHO).drainSpread(Duration.ofSeconds(2)).start()) {
      for (int i = 0; i < count; i++) {
        clients.add(Client.connect(server));
      }
      await().until(() -> events.opened() == count);
      List<Integer> ends = new ArrayList<>();
      int begin = ticks(server);
      var watchers =
          clients.stream()
              .map(client ->
                  CompletableFuture.supplyAsync(
                      () -> endOf(client, server) - begin, Thread::startVirtualThread))
              .toList();
      DrainReport report = server.drain();
      for (var watcher : watchers) {
        ends.add(watcher.get(10, TimeUnit.SECONDS));
      }
      assertEquals(count, report.finished());
      // A busy machine makes some of them later, and none earlier.
      for (int quarter = 1; quarter < 4; quarter++) {
        int time = quarter * Ticks.of(Duration.ofMillis(500));
        long ended = ends.stream().filter(end -> end < time).count();
        assertTrue(ended <= count * quarter / 4 + 3, () -> "ends at " + ends);
      }
      assertTrue(ends.stream().distinct().count() >= 4, () -> "ends at " + ends);
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
  }

  /** Waits for the end of stream, closes, and says when that was. */
  private static int endOf(Client client, Server server) {
    try {
      assertEquals("", client.receiveAll());
      int end = ticks(server);
      client.close();
      return end;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void isNotHeldUpByAPeerThatDoesNotClose() throws Exception {
    try (Server server =
            builder(ECHO)
                .timeLimits(TimeLimits.NONE.linger(Duration.ofMinutes(1)))
                .drainTimeout(Duration.ofMinutes(1))
                .start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      DrainReport report = server.drain();
      assertEquals(1, report.finished());
      assertTrue(report.elapsed().compareTo(Duration.ofSeconds(30)) < 0, report::toString);
    }
  }

  @Test
  void findsTheConnectionsThatAreAcceptedAfterASuspension() throws Exception {
    try (Server server = builder(ECHO).start();
        Client before = Client.connect(server)) {
      before.exchange("hello");
      server.suspend();
      try (Client first = Client.connect(server);
          Client second = Client.connect(server)) {
        before.exchange("goes on");
        first.send("x");
        second.send("y");
        second.socket().setSoTimeout(500);
        assertNull(tryToReceive(second));
        assertEquals(1, events.opened());
        server.resume();
        second.socket().setSoTimeout(10_000);
        assertEquals("x", first.receive(1));
        assertEquals("y", second.receive(1));
        assertEquals(3, server.connections());
      }
    }
  }

  private static String tryToReceive(Client client) throws IOException {
    try {
      return client.receive(1);
    } catch (SocketTimeoutException nothingCame) {
      return null;
    }
  }

  @Test
  void ofASuspendedServerEnds() throws Exception {
    try (Server server = builder(ECHO).start();
        Client open = Client.connect(server)) {
      open.exchange("hello");
      server.suspend();
      try (Client waiting = Client.connect(server)) {
        DrainReport report = server.drain();
        assertEquals(1, report.finished());
        assertEquals("", open.receiveAll());
        // From the backlog it is reset; one that was accepted just before the suspension is closed.
        assertTrue(waiting.seesReset() || waiting.receiveAll().isEmpty());
      }
    }
  }
}
