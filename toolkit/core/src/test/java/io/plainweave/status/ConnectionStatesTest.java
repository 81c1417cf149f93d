package io.plainweave.status;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Connector;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.server.Server;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A live connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionStatesTest {
  private static final Duration MOMENT = Duration.ofMillis(300);

  @TempDir Path folder;

  private final ConnectionEvents events = new ConnectionEvents();

  /** Holds handlers up that do not react to an interrupt. */
  private final CountDownLatch released = new CountDownLatch(1);

  @AfterEach
  void release() {
    released.countDown();
  }

  private Server start(Listen listen, Handler handler) throws Exception {
    return Server.builder()
        .listen(listen)
        .handler(handler)
        .timeLimits(TimeLimits.NONE.linger(Duration.ofSeconds(20)))
        .observer(events)
        .drainTimeout(Duration.ofSeconds(5))
        .stopOnSignal(false)
        .start();
  }

  private Server start(Handler handler) throws Exception {
    return start(Listen.tcp("127.0.0.1", 0), handler);
  }

  /** Waits until one connection has been in a state for a moment. */
  private static ConnectionStatus awaitOne(Server server, ConnectionState state) {
    var found = new AtomicReference<List<ConnectionStatus>>();
    await()
        .until(() -> {
          found.set(server.live().connections().filter(it -> it.isIn(state, MOMENT)).toList());
          return found.get().size() == 1;
        });
    return found.get().getFirst();
  }

  private static LiveConnection only(Server server) {
    return server.live().find(_ -> true).findFirst().orElseThrow();
  }

  private void holdUp() {
    boolean interrupted = false;
    for (boolean over = false; !over; ) {
      try {
        released.await();
        over = true;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void isInItsHandshakeUntilThatIsOverAndEndsThereByAResetOnly() throws Exception {
    try (Server server =
            start(TlsServer.in(folder).listen(), connection -> connection.input().read());
        Client client = Client.connect(server)) {
      ConnectionStatus status = awaitOne(server, ConnectionState.HANDSHAKE);
      assertEquals(WaitsFor.INPUT, status.waitsFor());
      assertEquals(0, status.received());
      assertTrue(only(server).end("too long"));
      assertTrue(client.seesReset());
      assertEquals(new CloseReason.EndedByOperator("too long"), events.awaitReason());
    }
  }

  @Test
  void isAtWorkSinceTheLastBytesHaveCome() throws Exception {
    try (Server server =
            start(connection -> {
              connection.input().read();
              holdUp();
            });
        Client client = Client.connect(server)) {
      awaitOne(server, ConnectionState.WAITING);
      client.send(".");
      // It has waited for longer than that, which is not its work.
      await()
          .until(() ->
              server.live().connections().allMatch(it -> it.state() == ConnectionState.WORKING));
      ConnectionStatus working = only(server).status();
      assertTrue(working.inState().compareTo(working.age()) < 0, working::toString);
      assertEquals(WaitsFor.NOTHING, awaitOne(server, ConnectionState.WORKING).waitsFor());
      released.countDown();
      client.finish();
      assertEquals("", client.receiveAll());
    }
  }

  @Test
  void isInAMessageUntilThatIsMarkedAsEnded() throws Exception {
    try (Server server =
            start(connection -> {
              connection.awaitMessage();
              connection.input().readNBytes(2);
              holdUp();
              connection.endMessage();
            });
        Client client = Client.connect(server)) {
      awaitOne(server, ConnectionState.WAITING);
      client.send(".");
      assertEquals(1, awaitOne(server, ConnectionState.WAITING_IN_MESSAGE).received());
      client.send("!");
      assertEquals(2, awaitOne(server, ConnectionState.IN_MESSAGE).received());
      released.countDown();
      assertEquals("", client.receiveAll());
      assertEquals(WaitsFor.PEERS_END, awaitOne(server, ConnectionState.LINGERING).waitsFor());
    }
  }

  @Test
  void isResetWhereAnEndInOrderWouldCutAMessage() throws Exception {
    try (Server server =
            start(connection -> {
              connection.output().write("half of a mess".getBytes(US_ASCII));
              holdUp();
            });
        Client client = Client.connect(server)) {
      awaitOne(server, ConnectionState.WORKING);
      assertEquals(1, server.live().status().buffers());
      assertTrue(only(server).end("no time for the rest"));
      assertTrue(client.seesReset());
      released.countDown();
      assertEquals(new CloseReason.EndedByOperator("no time for the rest"), events.awaitReason());
    }
  }

  @Test
  void isResetWhereAnEndInOrderMeetsAWriteThatWaitsForRoom() throws Exception {
    try (Server server = start(connection -> connection.output().write(new byte[100_000_000]));
        Client client = Client.connect(server)) {
      awaitOne(server, ConnectionState.WRITING);
      assertTrue(only(server).end("too slow"));
      assertTrue(client.seesReset());
      assertEquals(new CloseReason.EndedByOperator("too slow"), events.awaitReason());
    }
  }

  @Test
  void isEndedInOrderWithWhatWasFlushedBefore() throws Exception {
    try (Server server =
            start(connection -> {
              connection.output().write("all of it".getBytes(US_ASCII));
              connection.output().flush();
              holdUp();
            });
        Client client = Client.connect(server)) {
      awaitOne(server, ConnectionState.WORKING);
      assertTrue(only(server).end("goodbye"));
      assertEquals("all of it", client.receiveAll());
      released.countDown();
      client.close();
      assertEquals(new CloseReason.EndedByOperator("goodbye"), events.awaitReason());
    }
  }

  @Test
  void isEndedInOrderIfAHandlerHasOpenedIt() throws Exception {
    try (Server upstream = start(connection -> connection.input().read());
        Server server =
            start(connection -> {
              try (var _ = Connector.tcp("127.0.0.1", upstream.port()).connect()) {
                connection.input().read();
              }
            });
        Client client = Client.connect(server)) {
      ConnectionStatus rests = awaitOne(server, ConnectionState.AT_REST);
      // The peer has read the end, and has ended in its turn.
      assertTrue(server.live().connection(rests.id()).orElseThrow().end("no longer wanted"));
      assertEquals(new CloseReason.Finished(), events.awaitReason());
      assertEquals(Optional.empty(), server.live().connection(rests.id()));
      client.finish();
      assertEquals("", client.receiveAll());
    }
  }

  @Test
  void isEndingAsLongAsItsHandlerDoesNotReturn() throws Exception {
    try (Server server = start(_ -> holdUp());
        Client client = Client.connect(server)) {
      awaitOne(server, ConnectionState.WORKING);
      LiveConnection connection = only(server);
      assertTrue(connection.reset("stuck"));
      assertTrue(client.seesReset());
      awaitOne(server, ConnectionState.ENDING);
      assertTrue(server.live().connection(connection.status().id()).isPresent());
      assertTrue(connection.position().orElseThrow().stack().toString().contains("holdUp"));
      released.countDown();
      await().until(() -> server.live().connections().findAny().isEmpty());
      assertEquals(new CloseReason.EndedByOperator("stuck"), events.awaitReason());
    }
  }

  @Test
  void isAtRestIfAHandlerHasOpenedItAndUsesItLater() throws Exception {
    try (Server upstream = start(connection -> connection.input().read());
        Server server =
            start(connection -> {
              try (var up = Connector.tcp("127.0.0.1", upstream.port()).connect()) {
                connection.input().read();
                up.input().read();
              }
            });
        Client client = Client.connect(server)) {
      ConnectionStatus rests = awaitOne(server, ConnectionState.AT_REST);
      assertTrue(rests.outbound());
      assertEquals(Optional.empty(), rests.listener());
      assertEquals(Optional.empty(), server.live().connection(rests.id()).orElseThrow().position());
      assertEquals(upstream.addresses().getFirst(), rests.remoteAddress());
      assertEquals(1, server.live().status().outbound());
      assertEquals(1, server.live().status().totalOpen());
      assertTrue(server.live().connection(rests.id()).orElseThrow().reset("no longer wanted"));
      client.send(".");
      // The handler reads from what is closed, and fails.
      assertTrue(client.seesReset());
      assertEquals(Optional.empty(), server.live().connection(rests.id()));
    }
  }

  @Test
  void isNotThereBeforeTheStartNorAfterTheEnd() throws Exception {
    Server server = Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(_ -> {}).build();
    LiveView live = server.live();
    assertEquals(0, live.connections().count());
    server.start();
    try (Client client = Client.connect(server)) {
      assertEquals("", client.receiveAll());
    } finally {
      server.close();
    }
    assertEquals(0, live.connections().count());
    assertEquals(1, live.status().accepted());
  }
}
