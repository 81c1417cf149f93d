package io.plainweave.status;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.Network;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("An operator of a server with 200 clients")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class OperatorTest {
  private static final int CLIENTS = 200;
  private static final Duration MOMENT = Duration.ofMillis(300);

  private final ConnectionEvents events = new ConnectionEvents();
  private final List<Client> clients = new ArrayList<>();
  private Server server;

  @BeforeEach
  void start() throws Exception {
    server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0).name("service"))
            .handler(OperatorTest::serve)
            .timeLimits(TimeLimits.NONE)
            .observer(events)
            .drainTimeout(Duration.ofSeconds(5))
            .stopOnSignal(false)
            .start();
    for (int i = 0; i < CLIENTS; i++) {
      // Ten from each of twenty hosts.
      Client client = Client.connect(server, "127.0.1." + (1 + i % 20));
      clients.add(client);
      client.exchange("hello\n");
    }
  }

  @AfterEach
  void end() throws IOException {
    for (Client client : clients) {
      client.close();
    }
    server.close();
  }

  private static void serve(Connection connection) throws Exception {
    var lines = Lines.of(connection, 1_000);
    for (String line; (line = lines.read()) != null; ) {
      switch (line) {
        case "flood" -> flood(connection);
        case "stick" -> new WaitingTask().run();
        default -> lines.write(line);
      }
    }
  }

  private static void flood(Connection connection) throws IOException {
    var bytes = new byte[64 * 1024];
    while (true) {
      connection.output().write(bytes);
    }
  }

  // @start region="operator"
  /** Ends who from a network does not read, and says where the handlers are that are stuck. */
  private static List<String> cleanUp(Server server, Network network, Duration patience) {
    server
        .live()
        .find(it -> it.isPeerIn(network) && it.isIn(ConnectionState.WRITING, patience))
        .forEach(it -> it.reset("does not read"));
    return server
        .live()
        .find(it -> it.isIn(ConnectionState.WORKING, patience))
        .map(it -> it.status() + " at " + it.position().map(at -> at.line()).orElse("its end"))
        .toList();
  }

  // @end

  /** Waits until it is the only one of its kind, and is that of the client. */
  private ConnectionStatus awaitOnly(Client client, Predicate<ConnectionStatus> kind) {
    await().until(() -> server.live().connections().filter(kind).count() == 1);
    ConnectionStatus found = server.live().connections().filter(kind).findFirst().orElseThrow();
    assertEquals(client.socket().getLocalSocketAddress(), found.remoteAddress());
    return found;
  }

  private LiveConnection connection(Client client) {
    long id =
        server
            .live()
            .connections()
            .filter(it -> it.remoteAddress().equals(client.socket().getLocalSocketAddress()))
            .mapToLong(ConnectionStatus::id)
            .findFirst()
            .orElseThrow();
    return server.live().connection(id).orElseThrow();
  }

  private CloseReason reasonOf(long id) {
    await().until(() -> server.live().connection(id).isEmpty());
    return events.awaitClosed(events.closed()).stream()
        .filter(it -> it.connection().id() == id)
        .map(ServerEvent.ConnectionClosed::reason)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void findsWhoDoesHarmAndEndsThemWhileTheOthersGoOn() throws Exception {
    Client slow = clients.get(17);
    Client stuck = clients.get(42);
    Client half = clients.get(99);
    slow.send("flood\n");
    stuck.send("stick\n");
    half.send("hal");

    ConnectionStatus slowly =
        awaitOnly(slow, it -> it.isIn(ConnectionState.WRITING, MOMENT) && it.sent() > 100_000);
    assertEquals(WaitsFor.ROOM, slowly.waitsFor());
    assertEquals("hello\nflood\n".length(), slowly.received());

    ConnectionStatus halfway =
        awaitOnly(half, it -> it.isIn(ConnectionState.WAITING_IN_MESSAGE, MOMENT));
    assertEquals(WaitsFor.INPUT, halfway.waitsFor());
    assertEquals("hello\nhal".length(), halfway.received());
    assertEquals("hello\n".length(), halfway.sent());

    ConnectionStatus sticking = awaitOnly(stuck, it -> it.isIn(ConnectionState.WORKING, MOMENT));
    assertEquals(WaitsFor.NOTHING, sticking.waitsFor());
    String line =
        server.live().connection(sticking.id()).orElseThrow().position().orElseThrow().line();
    assertTrue(line.startsWith("io.plainweave.fixture.WaitingTask.run(WaitingTask.java:"), line);

    assertTrue(server.live().connection(slowly.id()).orElseThrow().reset("does not read"));
    assertTrue(server.live().connection(halfway.id()).orElseThrow().end("no whole line"));
    assertTrue(server.live().connection(sticking.id()).orElseThrow().reset("stuck"));
    assertTrue(slow.seesReset());
    assertEquals("", half.receiveAll());
    assertTrue(stuck.seesReset());
    half.close();

    assertEquals(new CloseReason.EndedByOperator("does not read"), reasonOf(slowly.id()));
    assertEquals(new CloseReason.EndedByOperator("no whole line"), reasonOf(halfway.id()));
    assertEquals(new CloseReason.EndedByOperator("stuck"), reasonOf(sticking.id()));

    Set<Client> ended = Set.of(slow, stuck, half);
    for (Client client : clients) {
      if (!ended.contains(client)) {
        client.exchange("still here\n");
      }
    }
    assertEquals(CLIENTS - 3, server.live().connections().count());
    assertEquals(3, events.closed());
  }

  @Test
  void cleansUpByAFewLines() throws Exception {
    Client slow = clients.get(0);
    Client slowElsewhere = clients.get(1);
    Client stuck = clients.get(2);
    slow.send("flood\n");
    slowElsewhere.send("flood\n");
    stuck.send("stick\n");
    await()
        .until(() ->
            server
                    .live()
                    .connections()
                    .filter(it -> it.isIn(ConnectionState.WRITING, MOMENT))
                    .count()
                == 2);
    awaitOnly(stuck, it -> it.isIn(ConnectionState.WORKING, MOMENT));

    List<String> found = cleanUp(server, Network.parse("127.0.1.1/32"), MOMENT);
    assertEquals(1, found.size());
    String only = found.getFirst();
    assertTrue(only.contains(" of service ("), only);
    assertTrue(only.contains(": WORKING for "), only);
    assertTrue(only.contains(" at io.plainweave.fixture.WaitingTask.run("), only);
    assertTrue(slow.seesReset());
    assertEquals(1, events.awaitClosed(1).size());
    assertTrue(connection(slowElsewhere).reset("at last"));
    assertTrue(connection(stuck).reset("at last"));
    events.awaitClosed(3);
  }

  @Test
  void asksByListenerNetworkStateAndAge() throws Exception {
    LiveView live = server.live();
    assertEquals(CLIENTS, live.connections().filter(it -> it.isOf("service")).count());
    assertEquals(0, live.connections().filter(it -> it.isOf("another")).count());
    var at = new ListenerName("service", server.addresses().getFirst());
    assertTrue(live.connections().allMatch(it -> it.listener().equals(Optional.of(at))));
    var network = Network.parse("127.0.1.7");
    assertEquals(10, live.connections().filter(it -> it.isPeerIn(network)).count());
    await().until(() -> live.connections().allMatch(it -> it.state() == ConnectionState.WAITING));
    await().until(() -> live.connections().allMatch(it -> it.isOpenFor(MOMENT)));
    await()
        .until(() -> live.connections().allMatch(it -> it.isIn(ConnectionState.WAITING, MOMENT)));
    assertEquals(0, live.connections().filter(it -> it.isOpenFor(Duration.ofDays(1))).count());
    assertFalse(live.connections().anyMatch(ConnectionStatus::outbound));
    Set<Long> ids = live.connections().map(ConnectionStatus::id).collect(Collectors.toSet());
    assertEquals(CLIENTS, ids.size());
    for (ConnectionStatus each : live.connections().toList()) {
      assertEquals("hello\n".length(), each.received());
      assertEquals("hello\n".length(), each.sent());
      assertEquals(
          new InetSocketAddress("127.0.0.1", server.port()), each.localAddress(), each::toString);
    }
  }

  @Test
  void endsOneInOrderAndAnotherByAReset() throws Exception {
    Client inOrder = clients.get(0);
    Client byReset = clients.get(1);
    LiveConnection first = connection(inOrder);
    LiveConnection second = connection(byReset);
    long firstId = first.status().id();
    long secondId = second.status().id();

    assertTrue(first.end("maintenance"));
    assertEquals("", inOrder.receiveAll());
    // It waits for the peer's end, and a second wish changes nothing.
    await().until(() -> first.status().state() == ConnectionState.LINGERING);
    assertEquals(WaitsFor.PEERS_END, first.status().waitsFor());
    assertFalse(first.end("again"));
    inOrder.close();
    assertEquals(new CloseReason.EndedByOperator("maintenance"), reasonOf(firstId));

    assertTrue(second.reset("banned"));
    assertTrue(byReset.seesReset());
    assertEquals(new CloseReason.EndedByOperator("banned"), reasonOf(secondId));
    assertFalse(second.reset("again"));
    assertFalse(second.end("again"));
    assertEquals(Optional.empty(), second.position());
    assertEquals(ConnectionState.ENDING, second.status().state());
    assertEquals(Optional.empty(), server.live().connection(secondId));
    assertEquals(Optional.empty(), server.live().connection(-1));
  }

  @Test
  void resetsWhatLingersTooLong() throws Exception {
    Client client = clients.getFirst();
    LiveConnection connection = connection(client);
    long id = connection.status().id();
    assertTrue(connection.end("goodbye"));
    assertEquals("", client.receiveAll());
    assertFalse(connection.reset("at once"));
    assertEquals(new CloseReason.EndedByOperator("goodbye"), reasonOf(id));
  }
}
