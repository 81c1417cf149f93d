package io.plainweave.event;

import static io.plainweave.server.ServerState.CANCELLING;
import static io.plainweave.server.ServerState.DRAINING;
import static java.lang.Thread.State.TERMINATED;
import static java.lang.Thread.State.WAITING;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.ServerState;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("An observer of a server")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ServerObserverTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  /** Is at a message when the drain comes. */
  private static final Handler BUSY =
      connection -> {
        connection.output().write(connection.input().readNBytes(5));
        connection.output().flush();
        new CountDownLatch(1).await();
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

  @Test
  void isToldOfTheLifeOfAServerInOrder() throws Exception {
    Queue<ServerEvent> told = new ConcurrentLinkedQueue<>();
    try (Server server =
            builder(ECHO)
                .listen(Listen.tcp("127.0.0.2", 0))
                .admission(
                    AdmissionRules.DEFAULT.maxConnections(
                        100)) // more than the process may have is told, too
                .observer(told::add)
                .start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.drain();
      server.drain();
      server.shutdownNow();
      List<ServerEvent> all = List.copyOf(told);
      assertEquals(
          server.addresses(),
          List.of(
              assertInstanceOf(ServerEvent.Listening.class, all.get(0)).address(),
              assertInstanceOf(ServerEvent.Listening.class, all.get(1)).address()));
      Connection opened =
          assertInstanceOf(ServerEvent.ConnectionOpened.class, all.get(2)).connection();
      // The drain does not wait for its observers.
      int began = all.indexOf(new ServerEvent.DrainBegan(1));
      assertTrue(began == 3 || began == 4, () -> "told: " + all);
      var closed = assertInstanceOf(ServerEvent.ConnectionClosed.class, all.get(7 - began));
      assertEquals(opened, closed.connection());
      assertEquals(5, closed.received());
      assertEquals(5, closed.sent());
      assertEquals(
          new ServerEvent.DrainEnded(server.drain()),
          assertInstanceOf(ServerEvent.DrainEnded.class, all.get(5)));
      assertEquals(6, all.size());
    }
  }

  /** The reaper's thread, which drives the drain, must not wait for its end. */
  @Test
  void mayCloseTheServerInTheThreadThatTellsIt() throws Exception {
    var server = new AtomicReference<Server>();
    ServerObserver closer =
        event -> {
          if (event instanceof ServerEvent.ManyConnections) {
            server.get().close();
          }
        };
    server.set(
        builder(ECHO)
            .admission(AdmissionRules.DEFAULT.alarmAt(1))
            .observer(closer)
            .drainTimeout(Duration.ZERO)
            .build());
    server.get().start();
    try (Client _ = Client.connect(server.get())) {
      assertTrue(server.get().awaitTermination(Duration.ofSeconds(10)));
    }
  }

  @ParameterizedTest
  @ValueSource(classes = {ServerEvent.Listening.class, ServerEvent.DrainBegan.class})
  void mayCloseTheServerThatIsAboutToAcceptOrToDrain(Class<? extends ServerEvent> type)
      throws Exception {
    var server = new AtomicReference<Server>();
    ServerObserver closer =
        event -> {
          if (type.isInstance(event)) {
            server.get().close();
          }
        };
    server.set(builder(ECHO).observer(closer).build());
    server.get().start();
    server.get().shutdown();
    assertTrue(server.get().awaitTermination(Duration.ofSeconds(10)));
  }

  @Test
  void isToldOfTheEndOfADrainBeforeAnybodyHasItsReport() throws Exception {
    var told = new CountDownLatch(1);
    var observed = new CountDownLatch(1);
    ServerObserver slow =
        event -> {
          if (event instanceof ServerEvent.DrainEnded) {
            told.countDown();
            awaitQuietly(observed);
          }
        };
    try (Server server = builder(ECHO).observer(slow).start()) {
      server.shutdown();
      assertTrue(told.await(10, SECONDS));
      Thread drains = Thread.ofPlatform().start(server::drain);
      await().until(() -> drains.getState(), state -> state == WAITING || state == TERMINATED);
      assertEquals(WAITING, drains.getState());
      observed.countDown();
      assertTrue(drains.join(Duration.ofSeconds(10)));
    } finally {
      observed.countDown();
    }
  }

  @Test
  void isToldOfTheBeginningOfADrainBeforeAllElseOfIt() throws Exception {
    Queue<Class<?>> told = new ConcurrentLinkedQueue<>();
    var slowly = new CountDownLatch(1);
    ServerObserver slow =
        event -> {
          if (event instanceof ServerEvent.DrainBegan) {
            awaitQuietly(slowly);
          }
          told.add(event.getClass());
        };
    try (Server server =
            builder(ECHO)
                .admission(AdmissionRules.DEFAULT.maxConnections(100))
                .observer(slow)
                .start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      Thread stops = Thread.ofPlatform().start(server::shutdown);
      await().until(() -> stops.getState(), state -> state == WAITING || state == TERMINATED);
      client.exchange("still served");
      slowly.countDown();
      assertTrue(stops.join(Duration.ofSeconds(10)));
      server.drain();
      assertEquals(
          List.of(
              ServerEvent.Listening.class,
              ServerEvent.ConnectionOpened.class,
              ServerEvent.DrainBegan.class,
              ServerEvent.ConnectionClosed.class,
              ServerEvent.DrainEnded.class),
          List.copyOf(told));
    } finally {
      slowly.countDown();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ServerState.class,
      names = {"DRAINING", "CANCELLING"})
  void thatIsSlowToHearOfADrainHoldsUpNeitherThatNorACancellation(ServerState wanted)
      throws Exception {
    var slowly = new CountDownLatch(1);
    ServerObserver slow =
        event -> {
          if (event instanceof ServerEvent.DrainBegan) {
            awaitQuietly(slowly);
          }
        };
    try (Server server = builder(wanted == DRAINING ? ECHO : BUSY).observer(slow).start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      Thread.ofPlatform().start(server::shutdown);
      try {
        await().until(() -> server.state().isAtLeast(DRAINING));
        if (wanted == CANCELLING) {
          Thread cancels = Thread.ofPlatform().start(server::shutdownNow);
          assertTrue(cancels.join(Duration.ofSeconds(10)));
        }
        assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      } finally {
        slowly.countDown();
      }
    }
  }

  @Test
  void mayDrainTheServerWhenItIsToldThatSomebodyElseDoes() throws Exception {
    var servers = new CompletableFuture<Server>();
    ServerObserver closes =
        event -> {
          if (event instanceof ServerEvent.DrainBegan) {
            servers.join().close();
          }
        };
    try (Server server = builder(ECHO).observer(closes).start();
        Client client = Client.connect(server)) {
      servers.complete(server);
      client.exchange("hello");
      server.shutdown();
      assertEquals(ServerState.TERMINATED, server.state());
      assertEquals(1, server.drain().finished());
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void isToldOfTheCloseWhenTheSocketIsClosed() throws Exception {
    var openAtClose = new ConcurrentLinkedQueue<Boolean>();
    ServerObserver looks =
        event -> {
          if (event instanceof ServerEvent.ConnectionClosed closed) {
            openAtClose.add(closed.connection().isOpen());
          }
        };
    try (Server server = builder(ECHO).observer(looks).start();
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("", client.receiveAll());
      await().until(() -> openAtClose.size() == 1);
      assertFalse(openAtClose.element());
    }
  }

  private enum Failing implements ServerObserver {
    WITH_AN_EXCEPTION {
      @Override
      public void onEvent(ServerEvent event) {
        throw new IllegalStateException("expected by this test");
      }
    },
    WITH_AN_ERROR {
      @Override
      public void onEvent(ServerEvent event) {
        throw new AssertionError("expected by this test");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void thatFailsDoesNoHarm(Failing failing) throws Exception {
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .handler(ECHO)
            .observer(failing)
            .observer(events)
            .stopOnSignal(false)
            .start()) {
      for (int i = 0; i < 3; i++) {
        try (Client client = Client.connect(server)) {
          client.exchange("hello");
          client.finish();
          assertEquals("", client.receiveAll());
        }
      }
      events.awaitClosed(3);
      await().until(() -> server.connections() == 0);
      server.drain();
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }

  /** What handler and peer do so that a connection ends for a reason. */
  private enum Ending {
    FINISHED(ECHO, Client::finish, new CloseReason.Finished()::equals),
    PEER_RESET(
        ECHO,
        client -> {
          client.exchange("hello");
          client.reset();
        },
        CloseReason.PeerReset.class::isInstance),
    TRUNCATED(
        connection -> {
          connection.input().readAllBytes();
          throw new TruncatedMessageException("expected by this test");
        },
        Client::finish,
        CloseReason.Truncated.class::isInstance),
    MALFORMED(
        connection -> {
          throw new MalformedMessageException("expected by this test");
        },
        client -> {},
        CloseReason.Malformed.class::isInstance),
    ABORTED(Connection::abort, client -> {}, new CloseReason.Aborted()::equals),
    ABORTED_BEFORE_A_FAILURE(
        connection -> {
          connection.abort();
          throw new IllegalStateException("told too late to be the reason");
        },
        client -> {},
        new CloseReason.Aborted()::equals),
    HANDLER_FAILED(
        connection -> {
          throw new IllegalStateException("expected by this test");
        },
        client -> {},
        reason ->
            reason instanceof CloseReason.HandlerFailed(Throwable failure)
                && failure.getMessage().equals("expected by this test")),
    FORKED_THREAD_FAILED(
        connection -> {
          try (ConnectionScope scope = connection.openScope()) {
            scope.fork(
                "fails",
                () -> {
                  throw new IllegalStateException("expected by this test");
                });
            scope.join();
          }
        },
        client -> {},
        CloseReason.HandlerFailed.class::isInstance);

    /** What the peer does. */
    @FunctionalInterface
    interface Peer {
      void act(Client client) throws IOException;
    }

    private final Handler handler;
    private final Peer peer;
    private final Predicate<CloseReason> expected;

    Ending(Handler handler, Peer peer, Predicate<CloseReason> expected) {
      this.handler = handler;
      this.peer = peer;
      this.expected = expected;
    }
  }

  @ParameterizedTest
  @EnumSource
  void isToldOnceWhyAConnectionHasEnded(Ending ending) throws Exception {
    try (Server server = builder(ending.handler).start();
        Client client = Client.connect(server)) {
      ending.peer.act(client);
      CloseReason reason = events.awaitReason();
      assertTrue(ending.expected.test(reason), reason::toString);
      assertEquals(reason.isExpected(), !(reason instanceof CloseReason.HandlerFailed));
    }
  }

  @Test
  void isToldThatAWaitingConnectionWasDrained() throws Exception {
    try (Server server = builder(ECHO).start();
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.shutdown();
      assertEquals(new CloseReason.Drained(), events.awaitReason());
    }
  }

  @Test
  void isToldThatAHandlerAtWorkWasCancelled() throws Exception {
    try (Server server = builder(connection -> Thread.sleep(Duration.ofDays(1))).start();
        Client client = Client.connect(server)) {
      await().until(() -> events.opened() == 1);
      server.shutdownNow();
      assertEquals(new CloseReason.Cancelled(), events.awaitReason());
      assertTrue(client.seesReset());
    }
  }

  @Test
  void isToldOnceOfEachOfManyConnections() throws Exception {
    int count = 300;
    try (Server server = builder(ECHO).start()) {
      for (int i = 0; i < count; i++) {
        try (Client client = Client.connect(server)) {
          if (i % 3 == 0) {
            client.exchange("hello");
          } else if (i % 3 == 1) {
            client.reset();
          }
        }
      }
      events.awaitClosed(count);
      await().until(() -> server.connections() == 0);
    }
    assertEquals(count, events.opened());
    assertEquals(count, events.closed());
  }
}
