package io.plainweave.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.BackgroundTask;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.TaskPosition;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A background task")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class BackgroundTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private static final Duration LONG = Duration.ofSeconds(10);

  private final Queue<ServerEvent> told = new ConcurrentLinkedQueue<>();
  private final WaitingTask waiting = new WaitingTask();

  private ServerBuilder builder(Handler handler) {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .observer(told::add)
        .drainTimeout(LONG)
        .stopOnSignal(false);
  }

  // @start region="ticks"
  private static ServerBuilder game(Group players) {
    return Server.builder()
        .handler(connection -> play(connection, players))
        .background(
            "ticks",
            () -> {
              for (int tick = 1; ; tick++) {
                players.broadcast(("tick " + tick + "\n").getBytes(UTF_8));
                Thread.sleep(Duration.ofMillis(50));
              }
            });
  }

  // @end

  private static void play(Connection connection, Group players) throws Exception {
    var outbox = new Outbox(connection, 100, Outbox.Policy.DISCONNECT);
    try (var player = connection.openScope()) {
      player.fork("outbox", outbox);
      try (outbox) {
        players.join(connection.toString(), outbox);
        connection.input().readAllBytes();
      }
      player.join();
    }
  }

  @Test
  void ticksForEveryConnection() throws Exception {
    try (Server server = game(new Group()).listen(Listen.tcp("127.0.0.1", 0)).start();
        Client first = Client.connect(server);
        Client second = Client.connect(server)) {
      assertEquals("tick ", first.receive(5));
      assertEquals("tick ", second.receive(5));
    }
  }

  // Its beginning and its end

  @Test
  void hasAThreadOfItsOwnThatIsOlderThanAnyConnection() throws Exception {
    var task = new CompletableFuture<Thread>();
    var handler = new CompletableFuture<Thread>();
    try (Server server =
            builder(_ -> handler.complete(Thread.currentThread()))
                .background("named", () -> task.complete(Thread.currentThread()))
                .start();
        Client _ = Client.connect(server)) {
      Thread thread = task.get(10, SECONDS);
      assertEquals("plainweave background named", thread.getName());
      assertTrue(thread.isVirtual());
      long acceptor =
          Thread.getAllStackTraces().keySet().stream()
              .filter(it -> it.getName().equals("plainweave acceptor 127.0.0.1:" + server.port()))
              .mapToLong(Thread::threadId)
              .findAny()
              .orElseThrow();
      assertTrue(thread.threadId() < acceptor);
      assertTrue(acceptor < handler.get(10, SECONDS).threadId());
    }
  }

  @Test
  void runsThroughTheDrainAndIsInterruptedAfterTheLastConnection() throws Exception {
    var entered = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    List<String> ends = new CopyOnWriteArrayList<>();
    Handler works =
        _ -> {
          entered.countDown();
          release.await();
        };
    BackgroundTask task =
        () -> {
          try {
            waiting.run();
          } finally {
            ends.add("task");
          }
        };
    try (Server server =
            builder(works)
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionClosed) {
                    ends.add("connection");
                  }
                })
                .background("waits", task)
                .start();
        Client _ = Client.connect(server)) {
      entered.await();
      server.suspend();
      waiting.assertStillWaiting();
      server.resume();
      server.shutdown();
      assertFalse(server.awaitTermination(Duration.ofMillis(300)));
      waiting.assertStillWaiting();
      assertEquals(ServerState.DRAINING, server.state());
      release.countDown();
      DrainReport report = server.drain();
      assertEquals(List.of("connection", "task"), ends);
      assertEquals(1, report.finished());
      assertEquals(List.of(), report.tasks());
      assertEquals(ServerState.TERMINATED, server.state());
    } finally {
      release.countDown();
    }
  }

  @Test
  void isInterruptedAfterTheConnectionsWereCancelled() throws Exception {
    var entered = new CountDownLatch(1);
    var cancelled = new CompletableFuture<Boolean>();
    Handler works =
        _ -> {
          entered.countDown();
          try {
            new CountDownLatch(1).await();
          } finally {
            cancelled.complete(waiting.isCancelledWithin(Duration.ofMillis(100)));
          }
        };
    try (Server server = builder(works).background("waits", waiting::run).start();
        Client _ = Client.connect(server)) {
      entered.await();
      waiting.awaitRunning();
      server.shutdownNow();
      assertTrue(server.awaitTermination(LONG));
      assertFalse(cancelled.get());
      waiting.awaitCancelled();
    }
  }

  @Test
  void mayReturnWhileTheServerGoesOn() throws Exception {
    var ran = new CountDownLatch(1);
    try (Server server = builder(ECHO).background("brief", ran::countDown).start();
        Client client = Client.connect(server)) {
      ran.await();
      client.exchange("hello");
      server.shutdown();
      assertEquals("", client.receiveAll());
      client.finish();
      assertTrue(server.awaitTermination(LONG));
      assertNoFailure();
    }
  }

  @Test
  void livesInAServerForDatagramsAlone() throws Exception {
    try (Server server =
        Server.builder()
            .datagrams(Udp.at("127.0.0.1", 0), datagram -> datagram.reply(datagram.bytes()))
            .background("waits", waiting::run)
            .start()) {
      waiting.awaitRunning();
      server.drain();
      waiting.awaitCancelled();
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }

  @Test
  void mayHaveConnectionsToOtherServers() throws Exception {
    var answer = new CompletableFuture<byte[]>();
    try (Server other = builder(ECHO).start();
        Server server =
            builder(ECHO)
                .background(
                    "asks",
                    () -> {
                      try (Connection to = Connector.tcp("127.0.0.1", other.port()).connect()) {
                        to.output().write("hello".getBytes(UTF_8));
                        answer.complete(to.input().readNBytes(5));
                        to.input().read();
                      }
                    })
                .start()) {
      assertArrayEquals("hello".getBytes(UTF_8), answer.get(10, SECONDS));
      server.drain();
      assertEquals(ServerState.TERMINATED, server.state());
      assertNoFailure();
    }
  }

  @Test
  void thatIgnoresItsInterruptHoldsUpNoClose() throws Exception {
    var stop = new AtomicBoolean();
    Server server = builder(ECHO).background("stubborn", () -> ignoreInterrupts(stop)).start();
    try {
      DrainReport report = server.drain();
      assertEquals(ServerState.CANCELLING, server.state());
      assertEquals(1, report.tasks().size());
      TaskPosition position = report.tasks().getFirst();
      assertEquals("stubborn", position.name());
      assertTrue(
          position.stack().stream()
              .anyMatch(frame -> frame.getMethodName().equals("ignoreInterrupts")),
          position::toString);
      server.close();
      stop.set(true);
      assertTrue(server.awaitTermination(LONG));
      assertSame(report, server.drain());
    } finally {
      stop.set(true);
    }
  }

  private static void ignoreInterrupts(AtomicBoolean stop) {
    while (!stop.get()) {
      LockSupport.parkNanos(10_000_000);
      Thread.interrupted();
    }
  }

  // Its failure

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void thatFailsDrainsTheServerWhichTellsWhy(boolean byAnError) throws Exception {
    Throwable failure =
        byAnError ? new OutOfMemoryError("expected by this test") : new IOException("expected");
    var fail = new CountDownLatch(1);
    try (Server server =
        builder(ECHO)
            .background("other", waiting::run)
            .background("fails", () -> failAfter(fail, failure))
            .build()) {
      CompletableFuture<Throwable> run = run(server);
      try (Client client = Client.connect(server)) {
        client.exchange("hello");
        fail.countDown();
        assertEquals("", client.receiveAll());
      }
      Throwable thrown = run.get(10, SECONDS);
      assertEquals("the server has ended by itself: " + failure, thrown.getMessage());
      assertSame(failure, thrown.getCause());
      waiting.awaitCancelled();
      List<ServerEvent> events = List.copyOf(told);
      int failed = events.indexOf(new ServerEvent.BackgroundFailed("fails", failure));
      assertTrue(failed > events.indexOf(new ServerEvent.DrainBegan(1)), events::toString);
      assertEquals(0, server.drain().forced());
    }
  }

  /** Runs the server until it ends; with what it throws, or null. */
  private static CompletableFuture<Throwable> run(Server server) {
    var end = new CompletableFuture<Throwable>();
    Thread.ofPlatform()
        .start(() -> {
          try {
            server.run();
            end.complete(null);
          } catch (Throwable e) {
            end.complete(e);
          }
        });
    await().until(() -> server.state() == ServerState.RUNNING);
    return end;
  }

  private static void failAfter(CountDownLatch fail, Throwable failure) throws Exception {
    fail.await();
    if (failure instanceof Error error) {
      throw error;
    }
    throw (Exception) failure;
  }

  @Test
  void thatFailsLetsAHundredConnectionsFinishTheirMessages() throws Exception {
    int count = 100;
    var fail = new CountDownLatch(1);
    Handler messages =
        connection -> {
          while (connection.awaitMessage()) {
            connection.output().write(connection.input().readNBytes(10));
            connection.endMessage();
          }
        };
    List<Client> clients = new ArrayList<>();
    Server server =
        builder(messages)
            .background(
                "ticks",
                () -> {
                  fail.await();
                  throw new IllegalStateException("expected by this test");
                })
            .start();
    try (server) {
      for (int i = 0; i < count; i++) {
        Client client = Client.connect(server);
        clients.add(client);
        client.exchange("0123456789");
        client.send("01234");
      }
      // A drain ends what waits between two messages; these are to be in the middle of one.
      await().until(() -> atAMessage(server) == count);
      fail.countDown();
      await().until(() -> server.state() == ServerState.DRAINING);
      for (Client client : clients) {
        client.send("56789");
        assertEquals("0123456789", client.receiveAll());
        client.finish();
      }
      assertTrue(server.awaitTermination(LONG));
      DrainReport report = server.drain();
      assertEquals(count, report.finished());
      assertEquals(0, report.forced());
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
  }

  /** How many handlers wait for the rest of a message. */
  private static int atAMessage(Server server) {
    List<Object> found = new ArrayList<>();
    server
        .home()
        .registry()
        .forEach(connection -> {
          var position = connection.position();
          if (position != null
              && position.stack().stream()
                  .anyMatch(frame -> frame.getMethodName().equals("readNBytes"))) {
            found.add(position);
          }
        });
    return found.size();
  }

  @Test
  void thatFailsSecondIsSuppressedByTheFirst() throws Exception {
    var first = new IllegalStateException("expected first");
    var second = new IllegalStateException("expected second");
    var failFirst = new CountDownLatch(1);
    var failSecond = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    Server server =
        builder(_ -> release.await())
            .background("first", () -> failAfter(failFirst, first))
            .background("second", () -> failAfter(failSecond, second))
            .background("same", () -> failAfter(failSecond, first))
            .build();
    CompletableFuture<Throwable> run = run(server);
    try (server;
        Client client = Client.connect(server)) {
      await().until(() -> server.connections() == 1);
      failFirst.countDown();
      await().until(() -> told.contains(new ServerEvent.BackgroundFailed("first", first)));
      failSecond.countDown();
      await().until(() -> told.contains(new ServerEvent.BackgroundFailed("second", second)));
      await().until(() -> told.contains(new ServerEvent.BackgroundFailed("same", first)));
      release.countDown();
      client.finish();
      assertSame(first, run.get(10, SECONDS).getCause());
      assertArrayEquals(new Throwable[] {second}, first.getSuppressed());
    } finally {
      release.countDown();
    }
  }

  @Test
  void thatWasInterruptedByNobodyOfTheServerHasFailed() throws Exception {
    var task = new CompletableFuture<Thread>();
    try (Server server =
        builder(ECHO)
            .background(
                "waits",
                () -> {
                  task.complete(Thread.currentThread());
                  waiting.run();
                })
            .start()) {
      task.get(10, SECONDS).interrupt();
      assertTrue(server.awaitTermination(LONG));
      assertEquals(1, failures().size());
    }
  }

  @Test
  void thatThrowsAfterItsInterruptHasNotFailed() throws Exception {
    Server server =
        builder(ECHO)
            .background(
                "waits",
                () -> {
                  try {
                    waiting.run();
                  } finally {
                    throwExpected();
                  }
                })
            .build();
    CompletableFuture<Throwable> run = run(server);
    waiting.awaitRunning();
    server.close();
    assertNull(run.get(10, SECONDS));
    assertNoFailure();
  }

  private static void throwExpected() {
    throw new IllegalStateException("expected by this test");
  }

  @Test
  void mayFailBeforeTheServerAccepts() throws Exception {
    for (int round = 0; round < 20; round++) {
      told.clear();
      Server server = builder(ECHO).background("fails", BackgroundTest::throwExpected).build();
      try (server) {
        server.start();
        await().until(() -> failures().size() == 1); // a close that comes first would end the task
      } catch (IOException tooLateToStart) {
        assertEquals("expected by this test", tooLateToStart.getCause().getMessage());
      }
      assertEquals(ServerState.TERMINATED, server.state());
      assertEquals(1, failures().size());
    }
  }

  private void assertNoFailure() {
    assertEquals(List.of(), failures());
  }

  private List<ServerEvent> failures() {
    return told.stream().filter(ServerEvent.BackgroundFailed.class::isInstance).toList();
  }

  // What it may do to its server

  @Test
  void mayCloseItsServerAndIsInterruptedAfterThat() throws Exception {
    var servers = new CompletableFuture<Server>();
    try (Server server =
            builder(ECHO)
                .background(
                    "closes",
                    () -> {
                      Server own = servers.join();
                      own.close();
                      waiting.run();
                    })
                .start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      servers.complete(server);
      assertEquals("", client.receiveAll());
      client.finish();
      assertTrue(server.awaitTermination(LONG));
      waiting.awaitCancelled();
      assertNoFailure();
    }
  }

  @Test
  void mayCancelItsServer() throws Exception {
    var servers = new CompletableFuture<Server>();
    try (Server server =
            builder(_ -> new CountDownLatch(1).await())
                .background("cancels", () -> servers.join().shutdownNow())
                .start();
        Client client = Client.connect(server)) {
      await().until(() -> server.connections() == 1);
      servers.complete(server);
      assertTrue(server.awaitTermination(LONG));
      assertTrue(client.seesReset());
      assertNoFailure();
    }
  }

  @Test
  void isInterruptedIfTheThreadThatRunsTheServerIs() throws Exception {
    var end = new CompletableFuture<Throwable>();
    Server server = builder(ECHO).background("waits", waiting::run).build();
    Thread runs =
        Thread.ofPlatform()
            .start(() -> end.complete(assertThrows(InterruptedException.class, server::run)));
    waiting.awaitRunning();
    runs.interrupt();
    assertTrue(runs.join(LONG));
    assertTrue(end.isDone());
    waiting.awaitCancelled();
    assertNoFailure();
  }

  // A start that fails

  @Test
  void doesNotRunIfAListenerCannotBeBound() throws Exception {
    var ran = new CountDownLatch(1);
    try (var taken = new ServerSocket(0)) {
      ServerBuilder builder =
          builder(ECHO)
              .listen(Listen.tcp("127.0.0.1", taken.getLocalPort()))
              .background("never", ran::countDown);
      assertThrows(IOException.class, builder::start);
    }
    assertEquals(1, ran.getCount());
  }

  @Test
  void isInterruptedIfTheStartFailsLater() throws Exception {
    var task = new CompletableFuture<Thread>();
    ServerHome whole =
        builder(ECHO)
            .background(
                "waits",
                () -> {
                  task.complete(Thread.currentThread());
                  waiting.run();
                })
            .build()
            .home();
    Server server = ServerStartTest.withoutAClock(whole, Listen.tcp("127.0.0.1", 0));
    assertThrows(IOException.class, server::start);
    assertEquals(ServerState.TERMINATED, server.state());
    // It may have been too late even to begin.
    if (task.isDone()) {
      assertTrue(task.get().join(LONG));
    }
  }

  // Its name

  @Test
  void hasANameOfItsOwn() {
    ServerBuilder builder = Server.builder().background("ticks", waiting::run);
    var blank =
        assertThrows(IllegalArgumentException.class, () -> builder.background(" \t", waiting::run));
    assertEquals("the name of a background task must not be blank: \" \t\"", blank.getMessage());
    var taken =
        assertThrows(
            IllegalArgumentException.class, () -> builder.background("ticks", waiting::run));
    assertEquals(
        "the name of a background task must be that of no other: \"ticks\"", taken.getMessage());
    assertNotNull(builder.background("Ticks", waiting::run));
  }
}
