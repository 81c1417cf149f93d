package io.plainweave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Services")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ServicesTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private final ConcurrentLinkedQueue<String> said = new ConcurrentLinkedQueue<>();

  /** Says when it starts and is closed. */
  private AutoCloseable open(String name) {
    said.add("start " + name);
    return () -> said.add("close " + name);
  }

  // @start region="services"
  private static void serve(Database database, ServerBuilder api) throws Exception {
    try (Services services = Services.open(Duration.ofSeconds(30))) {
      services.start("database", database::open);
      services.start("api", api.handler(database::serve)::start);
      services.awaitShutdown(); // until SIGTERM, for example
    } // first the api, then the database
  }

  // @end

  private final class Database implements AutoCloseable {
    private final CountDownLatch opened = new CountDownLatch(1);

    Database open() {
      opened.countDown();
      said.add("open");
      return this;
    }

    void serve(Connection connection) throws Exception {
      try {
        connection.output().write('.');
        connection.output().flush();
        connection.input().read();
      } finally {
        said.add("served");
      }
    }

    @Override
    public void close() {
      said.add("closed");
    }
  }

  private static ServerBuilder builder() {
    return Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(_ -> {});
  }

  /** A service whose close takes until something happens. */
  private interface SlowClose extends AutoCloseable {}

  private static List<ServiceEnd.Outcome> outcomes(List<ServiceEnd> ends) {
    return ends.stream().map(ServiceEnd::outcome).toList();
  }

  @Test
  void startInOrderAndStopInReverse() throws Exception {
    List<ServiceEnd> ends;
    try (Services services = Services.open(LONG)) {
      for (String name : List.of("a", "b", "c")) {
        services.start(name, () -> open(name));
      }
      ends = services.stop();
      assertSame(ends, services.stop());
    }
    assertEquals(List.of("c", "b", "a"), ends.stream().map(ServiceEnd::name).toList());
    assertEquals(
        List.of("start a", "start b", "start c", "close c", "close b", "close a"),
        List.copyOf(said));
  }

  @Test
  void stopThoseThatAreThereIfOneCannotStart() {
    var first = new IOException("cannot start");
    var second = new IllegalStateException("cannot close");
    var thrown =
        assertThrows(
            IOException.class,
            () -> {
              try (Services services = Services.open(LONG)) {
                services.start("a", () -> open("a"));
                services.start(
                    "b",
                    () ->
                        () -> {
                          throw second;
                        });
                services.start(
                    "c",
                    () -> {
                      throw first;
                    });
              }
            });
    assertSame(first, thrown);
    assertSame(second, thrown.getSuppressed()[0].getCause());
    assertEquals(List.of("start a", "close a"), List.copyOf(said));
  }

  @Test
  void drainAServerBeforeWhatItNeedsIsClosed() throws Exception {
    var database = new Database();
    var started =
        new FutureTask<Void>(() -> {
          serve(database, builder());
          return null;
        });
    Thread main = Thread.ofPlatform().start(started);
    database.opened.await();
    // It is in no list of those that a signal would stop.
    main.interrupt();
    assertThrows(Exception.class, () -> started.get(10, TimeUnit.SECONDS));
    assertEquals(List.of("open", "closed"), List.copyOf(said));
  }

  @Test
  void endTheHandlersBeforeTheServiceThatTheyUse() throws Exception {
    var database = new Database();
    try (Services services = Services.open(LONG)) {
      services.start("database", database::open);
      Server api = services.start("api", builder().handler(database::serve)::start);
      try (Client client = Client.connect(api)) {
        assertEquals(".", client.receive(1));
        assertEquals(
            List.of(ServiceEnd.Outcome.CLOSED, ServiceEnd.Outcome.CLOSED),
            outcomes(services.stop()));
        assertEquals(ServerState.TERMINATED, api.state());
      }
    }
    assertEquals(List.of("open", "served", "closed"), List.copyOf(said));
  }

  @Test
  void stopWhenAServerAmongThemFails() throws Exception {
    var failure = new IllegalStateException("the world is inconsistent");
    var broken = new CountDownLatch(1);
    ServerBuilder game =
        builder()
            .background(
                "ticks",
                () -> {
                  broken.await();
                  throw failure;
                });
    var thrown =
        assertThrows(
            IOException.class,
            () -> {
              try (Services services = Services.open(LONG)) {
                services.start("a", () -> open("a"));
                services.start("game", game::start);
                broken.countDown();
                services.awaitShutdown();
              }
            });
    assertSame(failure, thrown.getCause());
    assertTrue(thrown.getMessage().contains("game"), thrown.getMessage());
    assertEquals(List.of("start a", "close a"), List.copyOf(said));
  }

  @Test
  void interruptOneThatTakesMoreThanItsShareAndLeaveTheRestToTheOthers() throws Exception {
    try (Services services = Services.open(Duration.ofMillis(600))) {
      services.start("a", () -> open("a"));
      services.start(
          "slow",
          () ->
              (SlowClose)
                  () -> {
                    try {
                      new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                      said.add("interrupted");
                    }
                  });
      List<ServiceEnd> ends = services.stop();
      assertEquals(List.of(ServiceEnd.Outcome.FORCED, ServiceEnd.Outcome.CLOSED), outcomes(ends));
      long took = ends.getFirst().elapsed().toMillis();
      assertTrue(took >= 299, () -> "half of the time is its share, it had " + took + " ms");
    }
    assertEquals(List.of("start a", "interrupted", "close a"), List.copyOf(said));
  }

  @Test
  void leaveOneBehindThatIgnoresItsInterrupt() throws Exception {
    var released = new CountDownLatch(1);
    try (Services services = Services.open(Duration.ZERO)) {
      services.start("a", () -> open("a"));
      services.start(
          "deaf",
          () ->
              (SlowClose)
                  () -> {
                    for (boolean waits = true; waits; ) {
                      try {
                        released.await();
                        waits = false;
                      } catch (InterruptedException goesOn) {
                        said.add("deaf");
                      }
                    }
                  });
      assertEquals(ServiceEnd.Outcome.LEFT, services.stop().getFirst().outcome());
      assertEquals("deaf", services.stop().getFirst().name());
    } finally {
      released.countDown();
    }
    assertEquals(List.of("start a", "deaf", "close a"), List.copyOf(said));
  }

  // @start region="report"
  private static List<String> report(Services services) {
    return services.stop().stream().map(end -> end.name() + " " + end.outcome()).toList();
  }

  // @end

  @Test
  void sayHowEachHasEnded() throws Exception {
    try (Services services = Services.open(LONG)) {
      services.start("cache", () -> open("cache"));
      services.start("api", () -> open("api"));
      assertEquals(List.of("api CLOSED", "cache CLOSED"), report(services));
    }
  }

  @Test
  void areForcedByAnyThread() throws Exception {
    var closing = new CountDownLatch(1);
    try (Services services = Services.open(LONG)) {
      services.start(
          "slow",
          () ->
              (SlowClose)
                  () -> {
                    closing.countDown();
                    new CountDownLatch(1).await();
                  });
      var stopped = new FutureTask<>(services::stop);
      Thread.ofPlatform().start(stopped);
      closing.await();
      services.shutdownNow();
      ServiceEnd end = stopped.get(10, TimeUnit.SECONDS).getFirst();
      assertEquals(ServiceEnd.Outcome.FORCED, end.outcome());
      assertInstanceOf(InterruptedException.class, end.failure().orElseThrow());
      assertThrows(IOException.class, services::close);
    } catch (IOException e) {
      assertInstanceOf(InterruptedException.class, e.getCause());
    }
  }

  @Test
  void interruptAStartAndStartNoOther() throws Exception {
    var starting = new CountDownLatch(1);
    try (Services services = Services.open(LONG)) {
      services.start("a", () -> open("a"));
      var start =
          new FutureTask<>(() ->
              services.<AutoCloseable>start(
                  "never",
                  () -> {
                    starting.countDown();
                    new CountDownLatch(1).await();
                    return open("never");
                  }));
      Thread.ofPlatform().start(start);
      starting.await();
      assertEquals(1, services.stop().size());
      var failure = assertThrows(Exception.class, () -> start.get(10, TimeUnit.SECONDS));
      assertInstanceOf(InterruptedException.class, failure.getCause());
      var refused =
          assertThrows(
              IllegalStateException.class, () -> services.start("late", () -> open("late")));
      assertEquals("the services stop: late does not start", refused.getMessage());
      services.awaitShutdown(); // returns at once
    }
    assertFalse(said.contains("start late"));
  }

  @Test
  void haveNoNegativeTime() {
    assertThrows(IllegalArgumentException.class, () -> Services.open(Duration.ofMillis(-1)));
  }
}
