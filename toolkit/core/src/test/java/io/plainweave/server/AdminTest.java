package io.plainweave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.admission.Rate;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ListenerStatus;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A listener for administration")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class AdminTest {
  private final CountDownLatch released = new CountDownLatch(1);

  /** The ports of the listeners whose connections have closed, in this order. */
  private final ConcurrentLinkedQueue<Integer> closed = new ConcurrentLinkedQueue<>();

  // @start region="admin"
  private ServerBuilder withHealth(Handler service) {
    Listen health = Listen.tcp("127.0.0.1", 0).name("health").maxConnections(10);
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0), service)
        .admin(health, server -> connection -> tellState(server, connection));
  }

  private void tellState(Server server, Connection connection) throws Exception {
    String state = server.state().toString();
    connection.output().write(state.getBytes(StandardCharsets.US_ASCII));
  }

  // @end

  private Server start(ServerBuilder builder) throws Exception {
    return builder
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false)
        .observer(event -> {
          if (event instanceof ServerEvent.ConnectionClosed e) {
            closed.add(((InetSocketAddress) e.connection().localAddress()).getPort());
          }
        })
        .start();
  }

  private void untilReleased(Connection connection) throws Exception {
    connection.input().read();
    connection.output().write('.');
    connection.output().flush();
    released.await();
    connection.output().write('!');
  }

  private static int adminPort(Server server) {
    return ((InetSocketAddress) server.addresses().get(1)).getPort();
  }

  private static Client connectToAdmin(Server server) throws IOException {
    return Client.connect(InetAddress.getLoopbackAddress(), adminPort(server), "127.0.0.1");
  }

  private static String health(Server server) throws IOException {
    try (Client client = connectToAdmin(server)) {
      return client.receiveAll();
    }
  }

  @Test
  void answersDrainingWhileAHundredConnectionsDrain() throws Exception {
    List<Client> clients = new ArrayList<>();
    Server server = start(withHealth(this::untilReleased));
    int service = server.port();
    int admin = adminPort(server);
    assertEquals("RUNNING", health(server));
    for (int i = 0; i < 100; i++) {
      clients.add(Client.connect(server));
      clients.getLast().send("x");
      assertEquals(".", clients.getLast().receive(1));
    }
    closed.clear();
    server.shutdown();
    assertThrows(ConnectException.class, () -> Client.connect(server));
    // Each comes after the drain has begun.
    assertEquals("DRAINING", health(server));
    assertEquals("DRAINING", health(server));
    assertFalse(server.awaitTermination(Duration.ofMillis(300)));
    assertEquals("DRAINING", health(server));

    released.countDown();
    for (Client client : clients) {
      assertEquals("!", client.receiveAll());
      client.close();
    }
    assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    DrainReport report = server.drain();
    assertEquals(100, report.finished());
    assertEquals(0, report.forced());
    assertEquals(100, closed.stream().filter(port -> port == service).count());
    assertEquals(3, closed.stream().filter(port -> port == admin).count());
    assertThrows(
        ConnectException.class,
        () -> Client.connect(InetAddress.getLoopbackAddress(), admin, "127.0.0.1"));
  }

  @Test
  void hasItsConnectionsDrainedWhenAllOthersHaveEnded() throws Exception {
    Handler echo = connection -> connection.input().transferTo(connection.output());
    Server server =
        start(
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0), this::untilReleased)
                .listen(Listen.tcp("127.0.0.1", 0).admin(true), echo));
    int admin = adminPort(server);
    try (Client client = Client.connect(server);
        Client console = connectToAdmin(server)) {
      client.send("x");
      assertEquals(".", client.receive(1));
      console.exchange("before");
      server.shutdown();
      assertFalse(console.isAtEndWithin(Duration.ofSeconds(1)));
      console.exchange("while others drain");
      released.countDown();
      assertEquals("!", client.receiveAll());
      client.close();
      assertEquals("", console.receiveAll());
    }
    assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    assertEquals(2, closed.size());
    assertEquals(admin, closed.toArray(Integer[]::new)[1]);
  }

  @Test
  void isNotCountedAndHasNoLimitButItsOwn() throws Exception {
    AdmissionRules strict =
        AdmissionRules.DEFAULT
            .maxConnections(1)
            .maxPerSource(1)
            .sourceRate(Rate.perSecond(1))
            .whenFull(AdmissionRules.WhenFull.REFUSE);
    Handler waits = connection -> connection.input().transferTo(connection.output());
    try (Server server =
            start(
                Server.builder()
                    .admission(strict)
                    .listen(Listen.tcp("127.0.0.1", 0), waits)
                    .listen(Listen.tcp("127.0.0.1", 0).admin(true).maxConnections(2), waits));
        Client client = Client.connect(server);
        Client first = connectToAdmin(server);
        Client second = connectToAdmin(server)) {
      client.exchange("served");
      first.exchange("served");
      second.exchange("served");
      assertEquals(1, server.connections());
      try (Client third = connectToAdmin(server)) {
        assertTrue(third.seesReset());
      }
    }
  }

  @Test
  void acceptsWhileTheServerIsSuspended() throws Exception {
    try (Server server = start(withHealth(this::untilReleased))) {
      assertFalse(server.isSuspended());
      server.suspend();
      assertTrue(server.isSuspended());
      assertEquals("RUNNING", health(server));
      assertEquals("RUNNING", health(server));
      server.resume();
      assertFalse(server.isSuspended());
    }
  }

  @Test
  void hasAHandlerOfItsOwnInEachServerOfABuilder() throws Exception {
    ServerBuilder builder = withHealth(this::untilReleased);
    try (Server first = start(builder);
        Server second = builder.start()) {
      first.shutdown();
      assertTrue(first.awaitTermination(Duration.ofSeconds(10)));
      assertEquals("RUNNING", health(second));
    }
  }

  @Test
  void isClosedToThoseWhoAreDenied() throws Exception {
    Set<Network> all = Set.of(Network.parse("127.0.0.0/8"));
    try (Server server =
            start(withHealth(this::untilReleased).admission(AdmissionRules.DEFAULT.deny(all)));
        Client client = connectToAdmin(server)) {
      assertTrue(client.seesReset());
    }
  }

  @Test
  void isCancelledWithTheServerAndNotCountedAmongTheForced() throws Exception {
    Handler stuck =
        connection -> {
          connection.output().write('.');
          connection.output().flush();
          new CountDownLatch(1).await();
        };
    Server server =
        start(
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0), stuck)
                .listen(Listen.tcp("127.0.0.1", 0).admin(true), stuck));
    try (Client client = Client.connect(server);
        Client console = connectToAdmin(server)) {
      assertEquals(".", client.receive(1));
      assertEquals(".", console.receive(1));
      server.shutdownNow();
      assertTrue(client.seesReset());
      assertTrue(console.seesReset());
    }
    assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    assertEquals(1, server.drain().forced());
  }

  @Test
  void isNamedInItsStatus() throws Exception {
    try (Server server = start(withHealth(this::untilReleased))) {
      assertEquals(
          List.of("127.0.0.1:" + server.port(), "health"),
          server.listeners().stream().map(ListenerStatus::name).toList());
    }
    assertThrows(IllegalArgumentException.class, () -> Listen.tcp(0).name(" "));
  }
}
