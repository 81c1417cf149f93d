package io.plainweave.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Connector;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ConnectionProbe;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Lines;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DrainingConnectionTest {
  private static final Duration FOR_EVER = Duration.ofDays(1);

  private final ConnectionEvents events = new ConnectionEvents();

  private ServerBuilder builder(Handler handler) {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .observer(events)
        .timeLimits(TimeLimits.NONE)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false);
  }

  /** The only connection, once its handler has begun. */
  private Connection awaitOpened() {
    await().until(() -> events.openConnections().size() == 1);
    return events.openConnections().getFirst();
  }

  @Test
  void drainsWhenTheDrainHasEndedItsInput() throws Exception {
    var before = new CompletableFuture<Boolean>();
    var behind = new CompletableFuture<Boolean>();
    Handler reads =
        connection -> {
          before.complete(connection.isDraining());
          assertEquals(-1, connection.input().read());
          behind.complete(connection.isDraining());
        };
    try (Server server = builder(reads).start();
        Client client = Client.connect(server)) {
      assertFalse(before.get());
      server.shutdown();
      assertEquals("", client.receiveAll());
      assertTrue(behind.get());
      client.finish();
      assertTrue(events.awaitClosed(1).getFirst().connection().isDraining());
    }
  }

  @Test
  void drainsNotWhenItsPeerHasEndedTheInputThoughTheServerDrainsLater() throws Exception {
    var ended = new CountDownLatch(1);
    var drains = new CountDownLatch(1);
    var asked = new CompletableFuture<Boolean>();
    Handler reads =
        connection -> {
          assertEquals('x', connection.input().read());
          assertEquals(-1, connection.input().read());
          ended.countDown();
          drains.await();
          asked.complete(connection.isDraining());
        };
    try (Server server = builder(reads).start();
        Client client = Client.connect(server)) {
      client.send("x");
      client.finish();
      ended.await();
      server.shutdown();
      awaitTurn(server);
      drains.countDown();
      assertFalse(asked.get());
      var closed = events.awaitClosed(1).getFirst();
      assertEquals(new CloseReason.Finished(), closed.reason());
      assertFalse(closed.connection().isDraining());
    } finally {
      drains.countDown();
    }
  }

  @Test
  void drainsWhenItsPeerHasFinishedWhileTheHandlerWasAtWorkInTheDrain() throws Exception {
    var begun = new CountDownLatch(1);
    var finished = new CountDownLatch(1);
    var asked = new CompletableFuture<Boolean>();
    Handler works =
        connection -> {
          assertTrue(connection.awaitMessage());
          assertEquals('x', connection.input().read());
          begun.countDown();
          finished.await();
          connection.endMessage();
          assertFalse(connection.awaitMessage());
          asked.complete(connection.isDraining());
        };
    try (Server server = builder(works).start();
        Client client = Client.connect(server)) {
      client.send("x");
      begun.await();
      server.shutdown();
      await().until(awaitOpened()::isDraining);
      client.finish();
      finished.countDown();
      assertTrue(asked.get());
      assertEquals(new CloseReason.Drained(), events.awaitReason());
    } finally {
      finished.countDown();
    }
  }

  /** Waits until the drain may end connections, all of them at once. */
  private static void awaitTurn(Server server) {
    await().until(() -> server.home().finishes(0, server.home().ticks().now()));
  }

  @Test
  void drainsWhileItsHandlerIsAtWorkSoThatTheReplyCanSaySo() throws Exception {
    var works = new CountDownLatch(1);
    Handler replies =
        connection -> {
          var lines = Lines.of(connection, 100);
          while (lines.read() != null) {
            works.await();
            String more = connection.isDraining() ? "close" : "keep-alive";
            connection.output().write((more + "\n").getBytes(US_ASCII));
          }
        };
    try (Server server = builder(replies).start();
        Client client = Client.connect(server)) {
      client.send("request\n");
      Connection connection = awaitOpened();
      ConnectionProbe.awaitReceived(connection, 8, new AtomicBoolean());
      assertFalse(connection.isDraining());
      server.shutdown();
      await().until(connection::isDraining);
      works.countDown();
      assertEquals("close\n", client.receiveAll());
    } finally {
      works.countDown();
    }
  }

  @Test
  void drainsNotWhileTheListenersAreStillOpenButWhenItIsCancelled() throws Exception {
    Handler waits = connection -> connection.input().read();
    try (Server server = builder(waits).drainDelay(FOR_EVER).start();
        Client _ = Client.connect(server)) {
      Connection connection = awaitOpened();
      server.shutdown();
      await().until(() -> server.state() == ServerState.DRAINING);
      assertFalse(connection.isDraining());
      server.shutdownNow();
      assertEquals(new CloseReason.Cancelled(), events.awaitReason());
      assertTrue(connection.isDraining());
    }
  }

  @Test
  void drainsNotBeforeItsTurn() throws Exception {
    try (Server server =
            builder(connection -> connection.input().read()).drainSpread(FOR_EVER).start();
        Client first = Client.connect(server)) {
      await().until(() -> events.opened() == 1);
      try (Client _ = Client.connect(server)) {
        await().until(() -> events.opened() == 2);
        server.shutdown();
        assertEquals("", first.receiveAll());
        first.finish();
        // Its turn comes in half a day.
        assertFalse(awaitOpened().isDraining());
        server.shutdownNow();
      }
    }
  }

  @Test
  void drainsNotIfItWasOpenedHere() throws Exception {
    var asked = new CompletableFuture<Boolean>();
    var drains = new CountDownLatch(1);
    try (var target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      target.setSoTimeout(10_000);
      Connector connector = Connector.tcp("127.0.0.1", target.getLocalPort());
      Handler opens =
          connection -> {
            assertEquals('x', connection.input().read());
            try (Connection upstream = connector.connect()) {
              assertEquals('y', upstream.input().read());
              drains.await();
              asked.complete(upstream.isDraining());
              upstream.abort();
            }
          };
      try (Server server = builder(opens).start();
          Client client = Client.connect(server)) {
        client.send("x");
        Connection connection = awaitOpened();
        try (Client upstream = new Client(target.accept())) {
          upstream.send("y");
        }
        server.shutdown();
        await().until(connection::isDraining);
        drains.countDown();
        assertFalse(asked.get());
      } finally {
        drains.countDown();
      }
    }
  }

  @Nested
  @DisplayName("has a will that")
  class Will {
    private final Queue<String> published = new ConcurrentLinkedQueue<>();

    private Server server;
    private Client client;

    /** The first message of a client is what others are to read if it is lost, as in MQTT. */
    // @start region="will"
    private void serve(Connection connection) throws Exception {
      var messages = Lines.of(connection, 1_000);
      String will = messages.read();
      boolean finished = false;
      try {
        for (String message; !finished && (message = messages.read()) != null; ) {
          finished = message.equals("DISCONNECT");
        }
        if (connection.isDraining()) {
          connection.output().write("DISCONNECT 8B server is shutting down\n".getBytes(US_ASCII));
        }
      } finally {
        if (!finished && !connection.isDraining()) {
          published.add(will);
        }
      }
    }

    // @end

    @BeforeEach
    void connect() throws Exception {
      server = builder(this::serve).drainTimeout(Duration.ofSeconds(1)).start();
      client = Client.connect(server);
      client.send("will\n");
      ConnectionProbe.awaitReceived(awaitOpened(), 5, new AtomicBoolean());
    }

    @AfterEach
    void close() throws Exception {
      client.close();
      server.close();
    }

    /** Begins a message, so that the drain waits for the rest of it. */
    private Connection beginMessage() throws Exception {
      client.send("half a mess");
      Connection connection = awaitOpened();
      ConnectionProbe.awaitReceived(connection, 16, new AtomicBoolean());
      return connection;
    }

    private CloseReason awaitReason(String... wills) {
      CloseReason reason = events.awaitReason();
      assertEquals(List.of(wills), List.copyOf(published));
      return reason;
    }

    @Test
    void isPublishedWhenThePeerHasFinishedWithoutAFarewell() throws Exception {
      client.finish();
      assertEquals(new CloseReason.Finished(), awaitReason("will"));
    }

    @Test
    void isPublishedWhenThePeerIsLost() throws Exception {
      client.reset();
      assertInstanceOf(CloseReason.PeerReset.class, awaitReason("will"));
    }

    @Test
    void isPublishedWhenThePeerIsSilentForTooLong() throws Exception {
      awaitOpened().changeTimeLimits(TimeLimits.NONE.idle(Duration.ofMillis(200)));
      assertEquals("", client.receiveAll());
      client.finish();
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), awaitReason("will"));
    }

    @Test
    void isNotPublishedBehindAFarewell() throws Exception {
      client.send("DISCONNECT\n");
      assertEquals("", client.receiveAll());
      client.finish();
      assertEquals(new CloseReason.Finished(), awaitReason());
    }

    @Test
    void isNotPublishedWhenTheServerDrains() throws Exception {
      server.shutdown();
      assertEquals("DISCONNECT 8B server is shutting down\n", client.receiveAll());
      client.finish();
      assertEquals(new CloseReason.Drained(), awaitReason());
    }

    @Test
    void isNotPublishedWhenTheTimeToDrainIsOver() throws Exception {
      beginMessage();
      server.close();
      assertEquals(new CloseReason.Cancelled(), awaitReason());
    }

    @Test
    void isPublishedWhenThePeerIsLostDuringTheDrain() throws Exception {
      Connection connection = beginMessage();
      server.shutdown();
      await().until(connection::isDraining);
      client.reset();
      assertInstanceOf(CloseReason.PeerReset.class, awaitReason("will"));
    }

    @Test
    void isPublishedWhenThePeerFinishesInTheMiddleOfTheDrain() throws Exception {
      Connection connection = beginMessage();
      server.shutdown();
      await().until(connection::isDraining);
      client.finish();
      assertEquals(new CloseReason.Finished(), awaitReason("will"));
    }
  }
}
