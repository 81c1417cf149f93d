package io.plainweave.context;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Deadline;
import io.plainweave.Duplex;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.internal.thread.Scope;
import io.plainweave.server.Server;
import io.plainweave.server.Shield;
import io.plainweave.udp.Udp;
import java.io.FilterInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The current connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class CurrentConnectionTest {
  // @start region="current"
  /** Somewhere deep below a handler. */
  private static String audited(String what) {
    return CurrentConnection.get().map(Connection::toString).orElse("the program") + ": " + what;
  }

  // @end

  private static Server serve(Handler handler) throws Exception {
    return Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(handler).start();
  }

  /** Runs work in a handler; fails as the work does. */
  private static void inHandler(Work work) throws Exception {
    var done = new CompletableFuture<Boolean>();
    Handler completes =
        connection -> {
          try {
            work.run(connection);
            done.complete(true);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        };
    try (Server server = serve(completes);
        Client _ = Client.connect(server)) {
      done.get(10, TimeUnit.SECONDS);
    }
  }

  private interface Work {
    void run(Connection connection) throws Exception;
  }

  @Test
  void isThatOfTheHandler() throws Exception {
    inHandler(connection -> assertSame(connection, CurrentConnection.get().orElseThrow()));
  }

  @Test
  void isSeenByWhatTheHandlerCalls() throws Exception {
    inHandler(connection -> assertEquals(connection + ": left", audited("left")));
    assertEquals("the program: left", audited("left"));
  }

  @Test
  void isSeenWithinADeadline() throws Exception {
    inHandler(connection ->
        assertSame(
            connection,
            Deadline.in(Duration.ofSeconds(5)).call(CurrentConnection::get).orElseThrow()));
  }

  @Test
  void isSeenByObserversThatItsThreadTells() throws Exception {
    Map<Class<?>, Boolean> same = new ConcurrentHashMap<>();
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(_ -> {})
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionOpened(Connection opened, _)) {
                    same.put(
                        ServerEvent.ConnectionOpened.class,
                        CurrentConnection.get().orElse(null) == opened);
                  } else if (event instanceof ServerEvent.ConnectionClosed closed) {
                    same.put(
                        ServerEvent.ConnectionClosed.class,
                        CurrentConnection.get().orElse(null) == closed.connection());
                  }
                })
                .start();
        Client client = Client.connect(server)) {
      assertEquals("", client.receiveAll());
    }
    assertEquals(
        Map.of(ServerEvent.ConnectionOpened.class, true, ServerEvent.ConnectionClosed.class, true),
        same);
  }

  @Test
  void isSeenByForksInFrontAndInTheBackgroundAndByTheirForks() throws Exception {
    inHandler(connection -> {
      var inBackground = new CompletableFuture<Optional<Connection>>();
      try (ConnectionScope scope = connection.openScope()) {
        scope.forkBackground("background", () -> inBackground.complete(CurrentConnection.get()));
        ConnectionScope.Subtask<Connection> nested =
            scope.fork(
                "front",
                () -> {
                  assertSame(connection, CurrentConnection.get().orElseThrow());
                  try (ConnectionScope inner = connection.openScope()) {
                    ConnectionScope.Subtask<Connection> fork =
                        inner.fork("nested", () -> CurrentConnection.get().orElseThrow());
                    inner.join();
                    return fork.join();
                  }
                });
        assertSame(connection, inBackground.get().orElseThrow());
        scope.join();
        assertSame(connection, nested.join());
      }
    });
  }

  @Test
  void isTheAcceptedOneInTheScopeOfOneThatTheHandlerHasOpened() throws Exception {
    try (Server upstream = serve(connection -> connection.input().read())) {
      inHandler(connection -> {
        try (Connection opened = Connector.tcp("127.0.0.1", upstream.port()).connect();
            ConnectionScope scope = opened.openScope()) {
          assertSame(connection, CurrentConnection.get().orElseThrow());
          ConnectionScope.Subtask<Connection> fork =
              scope.fork("fork", () -> CurrentConnection.get().orElseThrow());
          scope.join();
          assertSame(connection, fork.join());
        }
      });
    }
  }

  @Test
  void isThatOfTheThreadAndNotOfTheConnectionThatItIsHanded() throws Exception {
    var handedOver = new LinkedBlockingQueue<Connection>();
    var used = new CompletableFuture<Connection>();
    try (Server first =
            serve(connection -> {
              handedOver.add(connection);
              connection.input().read();
            });
        Server second =
            serve(connection -> {
              Connection other = handedOver.take();
              try (ConnectionScope scope = other.openScope()) {
                ConnectionScope.Subtask<Connection> fork =
                    scope.fork("fork", () -> CurrentConnection.get().orElseThrow());
                scope.join();
                assertNotEquals(other, fork.join());
                assertSame(connection, fork.join());
              }
              used.complete(CurrentConnection.get().orElseThrow());
              connection.output().write('!');
            });
        Client of = Client.connect(first);
        Client to = Client.connect(second)) {
      assertEquals("!", to.receive(1));
      assertEquals(to.socket().getLocalSocketAddress(), used.get().remoteAddress());
      of.finish();
    }
  }

  @Test
  void isSeenByLayersInBothThreadsOfARelay() throws Exception {
    Map<String, Optional<Connection>> seen = new ConcurrentHashMap<>();
    try (Server upstream = serve(connection -> connection.input().transferTo(connection.output()));
        Server relaying =
            serve(connection -> {
              try (Connection opened = Connector.tcp("127.0.0.1", upstream.port()).connect()) {
                Relay.between(watched("near", connection, seen), watched("far", opened, seen));
              }
            });
        Client client = Client.connect(relaying)) {
      client.send("x");
      client.finish();
      assertEquals("x", client.receiveAll());
      for (String side : List.of("near", "far")) {
        assertEquals(
            client.socket().getLocalSocketAddress(),
            seen.get(side).orElseThrow().remoteAddress(),
            side);
      }
    }
  }

  /** Notes which connection is the current one where it is read from. */
  private static Duplex watched(
      String name, Connection connection, Map<String, Optional<Connection>> seen)
      throws IOException {
    return connection.through(
        in ->
            new FilterInputStream(in) {
              @Override
              public int read(byte[] target, int offset, int length) throws IOException {
                seen.put(name, CurrentConnection.get());
                return super.read(target, offset, length);
              }
            },
        out -> out);
  }

  @Test
  void isSeenByAShieldedTask() throws Exception {
    inHandler(
        connection -> assertSame(connection, Shield.call(CurrentConnection::get).orElseThrow()));
  }

  @Test
  void isNotSeenByAThreadThatTheHandlerStartsUnlessItIsCalledForIt() throws Exception {
    inHandler(connection -> {
      try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
        assertEquals(Optional.empty(), executor.submit(CurrentConnection::get).get());
        // @start region="call"
        Connection current = CurrentConnection.get().orElseThrow();
        var inExecutor =
            executor.submit(() -> CurrentConnection.call(current, CurrentConnection::get));
        // @end
        assertSame(connection, inExecutor.get().orElseThrow());
      }
    });
  }

  @Test
  void isInheritedByTheScopesOfTheJdkWhereItIsCalled() throws Exception {
    inHandler(connection -> {
      assertEquals(Optional.empty(), seenByScopeOfTheJdk());
      assertSame(
          connection,
          CurrentConnection.call(connection, CurrentConnectionTest::seenByScopeOfTheJdk)
              .orElseThrow());
    });
  }

  /** What a task sees that is forked in a StructuredTaskScope. */
  private static Optional<Connection> seenByScopeOfTheJdk() throws InterruptedException {
    var seen = new CompletableFuture<Optional<Connection>>();
    try (Scope scope = Scope.open("of the JDK", Thread.ofVirtual().factory())) {
      scope.fork(() -> {
        seen.complete(CurrentConnection.get());
        return Scope.After.CONTINUE;
      });
      scope.join();
    }
    return seen.join();
  }

  @Test
  void isTheOneThatWasCalledForEvenInAThreadOfAnother() throws Exception {
    try (Server upstream = serve(connection -> connection.input().read())) {
      inHandler(connection -> {
        try (Connection opened = Connector.tcp("127.0.0.1", upstream.port()).connect()) {
          assertSame(opened, CurrentConnection.call(opened, CurrentConnection::get).orElseThrow());
          assertSame(connection, CurrentConnection.get().orElseThrow());
        }
      });
    }
  }

  @Test
  void isNoneForDatagramsAndBackgroundTasksAndOutsideOfAServer() throws Exception {
    var inTask = new CompletableFuture<Optional<Connection>>();
    var inDatagram = new CompletableFuture<Optional<Connection>>();
    try (Server server =
            Server.builder()
                .datagrams(
                    Udp.at("127.0.0.1", 0), _ -> inDatagram.complete(CurrentConnection.get()))
                .background("task", () -> inTask.complete(CurrentConnection.get()))
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send("x");
      assertEquals(Optional.empty(), inTask.get(10, TimeUnit.SECONDS));
      assertEquals(Optional.empty(), inDatagram.get(10, TimeUnit.SECONDS));
      assertEquals(Optional.empty(), CurrentConnection.get());
    }
  }
}
