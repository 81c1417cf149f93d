package io.plainweave.context;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.Shield;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The context of a thread")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ForkContextTest {
  /** Stands for what a library keeps of the thread that it is called in. */
  private static final ThreadLocal<@Nullable String> USER = new ThreadLocal<>();

  // @start region="context"
  private static final ForkContext USERS =
      () -> {
        String user = USER.get(); // in the thread that forks
        return () -> {
          USER.set(user); // in the thread that was forked
          return USER::remove; // there again, at the end of the task
        };
      };

  // @end

  private final ClosedConnections closed = new ClosedConnections();
  private final CompletableFuture<Boolean> done = new CompletableFuture<>();

  private interface Work {
    void run(Connection connection) throws Exception;
  }

  /** Runs work in the handler of a server that has the context; fails as the work does. */
  private void inHandler(ForkContext context, Work work) throws Exception {
    ServerBuilder builder =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .forkContext(context)
            .observer(closed)
            .handler(connection -> {
              try {
                work.run(connection);
                done.complete(true);
              } catch (Throwable e) {
                done.completeExceptionally(e);
                throw e;
              }
            });
    try (Server server = builder.start();
        Client _ = Client.connect(server)) {
      done.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void isThatOfTheForkingThreadAtTheForkInFrontAndInTheBackground() throws Exception {
    inHandler(
        USERS,
        connection -> {
          var inBackground = new CompletableFuture<@Nullable String>();
          var inTask = new CompletableFuture<@Nullable String>();
          try (ConnectionScope scope = connection.openScope()) {
            USER.set("ada");
            var withResult = scope.fork("result", () -> USER.get());
            USER.set("bob");
            scope.fork(
                "task",
                () -> {
                  inTask.complete(USER.get());
                });
            USER.set("eve");
            scope.forkBackground("background", () -> inBackground.complete(USER.get()));
            USER.set("nobody");
            assertEquals("eve", inBackground.get());
            scope.join();
            assertEquals("ada", withResult.join());
            assertEquals("bob", inTask.get());
          }
        });
  }

  @Test
  void goesOnIntoTheForksOfForksAndIntoShieldedTasks() throws Exception {
    inHandler(
        USERS,
        connection -> {
          USER.set("ada");
          assertEquals("ada", Shield.call(USER::get));
          try (ConnectionScope scope = connection.openScope()) {
            var nested =
                scope.fork(
                    "outer",
                    () -> {
                      try (ConnectionScope inner = connection.openScope()) {
                        var fork = inner.fork("inner", () -> Shield.call(USER::get));
                        inner.join();
                        return fork.join();
                      }
                    });
            scope.join();
            assertEquals("ada", nested.join());
          }
        });
  }

  @Test
  void isCarriedForAConnectionWithTimeLimitsOfItsOwn() throws Exception {
    inHandler(
        USERS,
        connection -> {
          connection.changeTimeLimits(TimeLimits.NONE);
          USER.set("ada");
          try (ConnectionScope scope = connection.openScope(Duration.ofSeconds(10))) {
            var fork = scope.fork("fork", () -> USER.get());
            scope.join();
            assertEquals("ada", fork.join());
          }
        });
  }

  @Test
  void isNotThereAtTheBeginningOfAConnection() throws Exception {
    USER.set("the test");
    try {
      inHandler(USERS, _ -> assertNull(USER.get()));
    } finally {
      USER.remove();
    }
  }

  @Test
  void isTakenBackInItsThreadHoweverTheTaskEnds() throws Exception {
    var attached = new AtomicInteger();
    var takenBack = new AtomicInteger();
    ForkContext counts =
        () ->
            () -> {
              Thread thread = Thread.currentThread();
              attached.incrementAndGet();
              return () -> {
                assertSame(thread, Thread.currentThread());
                takenBack.incrementAndGet();
              };
            };
    var failure = new IllegalStateException("fails");
    assertThrows(
        Exception.class,
        () ->
            inHandler(
                counts,
                connection -> {
                  try (ConnectionScope scope = connection.openScope()) {
                    var begun = new CountDownLatch(1);
                    scope.forkBackground(
                        "waits",
                        () -> {
                          begun.countDown();
                          new CountDownLatch(1).await();
                        });
                    begun.await();
                    scope.fork(
                        "fails",
                        () -> {
                          throw failure;
                        });
                    scope.join();
                  }
                }));
    ClosedConnections.assertFailedWith(failure, closed.next());
    assertEquals(2, attached.get());
    assertEquals(2, takenBack.get());
  }

  @Test
  void failsTheForkIfItCannotBeTakenAndTheTaskIfItCannotBeAttached() throws Exception {
    var noContext = new IllegalStateException("no context");
    inHandler(
        () -> {
          throw noContext;
        },
        connection -> {
          try (ConnectionScope scope = connection.openScope()) {
            assertSame(
                noContext,
                assertThrows(
                    IllegalStateException.class,
                    () -> scope.forkBackground("never", () -> done.complete(false))));
            scope.join();
          }
        });
    assertEquals(new CloseReason.Finished(), closed.next());
    var notAttached = new IllegalStateException("not attached");
    var other = new ForkContextTest();
    assertThrows(
        Exception.class,
        () ->
            other.inHandler(
                () ->
                    () -> {
                      throw notAttached;
                    },
                connection -> {
                  try (ConnectionScope scope = connection.openScope()) {
                    scope.fork("fails", () -> other.done.complete(false));
                    scope.join();
                  }
                }));
    ClosedConnections.assertFailedWith(notAttached, other.closed.next());
  }

  @Test
  void isLeftWhereItIsWithoutOne() throws Exception {
    var seen = new CompletableFuture<@Nullable String>();
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(connection -> {
                  USER.set("ada");
                  try (ConnectionScope scope = connection.openScope()) {
                    scope.fork(
                        "fork",
                        () -> {
                          seen.complete(USER.get());
                        });
                    scope.join();
                  }
                })
                .start();
        Client _ = Client.connect(server)) {
      assertNull(seen.get(10, TimeUnit.SECONDS));
    }
  }
}
