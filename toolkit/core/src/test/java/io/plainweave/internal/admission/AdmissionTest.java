package io.plainweave.internal.admission;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.admission.Rate;
import io.plainweave.admission.Refusal;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UnixClient;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.ServerInsides;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Admission")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class AdmissionTest {
  private static final String BUSY = "busy\r\n";
  private static final AdmissionRules RULES =
      AdmissionRules.DEFAULT.goodbye(ByteBuffer.wrap(BUSY.getBytes(StandardCharsets.US_ASCII)));

  private final Queue<ServerEvent> events = new ConcurrentLinkedQueue<>();

  private Server start(AdmissionRules rules, Listen... listens) throws Exception {
    ServerBuilder builder =
        Server.builder()
            .handler(connection -> connection.input().transferTo(connection.output()))
            .admission(rules)
            .observer(events::add)
            .drainTimeout(Duration.ofSeconds(10));
    for (Listen listen :
        listens.length == 0 ? new Listen[] {Listen.tcp("127.0.0.1", 0)} : listens) {
      builder.listen(listen);
    }
    return builder.start();
  }

  private static Set<Network> networks(String... all) {
    return Stream.of(all).map(Network::parse).collect(Collectors.toSet());
  }

  private static Client served(Server server, String source) throws Exception {
    Client client = Client.connect(server, source);
    client.exchange("hello");
    return client;
  }

  /** A client that is turned away, with a goodbye and an end in order. */
  private static void refused(Server server, String source) throws Exception {
    try (Client client = Client.connect(server, source)) {
      client.send("hello");
      assertEquals(BUSY, client.receiveAll());
    }
  }

  private static void awaitConnections(Server server, int count) {
    await().until(() -> server.connections() == count);
  }

  /** How many were refused for what, as it was told; all of it is told when the server ends. */
  private Map<Refusal, Integer> refusals() {
    Map<Refusal, Integer> counts = new EnumMap<>(Refusal.class);
    for (ServerEvent event : events) {
      if (event instanceof ServerEvent.ConnectionsRefused e) {
        counts.merge(e.reason(), e.count(), Integer::sum);
      }
    }
    return counts;
  }

  private Stream<ServerEvent.ManyConnections> alarms() {
    return events.stream()
        .filter(ServerEvent.ManyConnections.class::isInstance)
        .map(ServerEvent.ManyConnections.class::cast);
  }

  @Test
  void limitsOneSourceAndNoOther() throws Exception {
    try (Server server = start(RULES.maxPerSource(2));
        Client first = served(server, "127.0.0.1");
        Client _ = served(server, "127.0.0.1")) {
      refused(server, "127.0.0.1");
      refused(server, "127.0.0.1");
      served(server, "127.0.0.2").close();
      first.close();
      awaitConnections(server, 1);
      served(server, "127.0.0.1").close();
    }
    assertEquals(Map.of(Refusal.SOURCE_LIMIT, 2), refusals());
  }

  @Test
  void limitsTheNetworkOfASourceAndNoOther() throws Exception {
    try (Server server = start(RULES.maxPerNetwork(2));
        Client first = served(server, "127.0.5.1");
        Client _ = served(server, "127.0.5.2")) {
      refused(server, "127.0.5.3");
      served(server, "127.0.6.3").close();
      first.close();
      awaitConnections(server, 1);
      served(server, "127.0.5.3").close();
    }
    assertEquals(Map.of(Refusal.NETWORK_LIMIT, 1), refusals());
  }

  // @start region="exempt"
  /** One connection a source, but as many as they like from the monitors in 127.0.7.0/24. */
  private static AdmissionRules withMonitors(AdmissionRules rules) {
    return rules.maxPerSource(1).exempt(Set.of(Network.parse("127.0.7.0/24")));
  }

  // @end

  @Test
  void limitsNoExemptSourceButByTheOtherRules() throws Exception {
    AdmissionRules rules =
        withMonitors(RULES)
            .maxPerNetwork(1)
            .sourceRate(Rate.perSecond(1))
            .maxConnections(3)
            .whenFull(AdmissionRules.WhenFull.REFUSE)
            .deny(networks("127.0.7.9"));
    try (Server server = start(rules);
        Client _ = served(server, "127.0.7.1");
        Client last = served(server, "127.0.7.1")) {
      try (Client _ = served(server, "127.0.7.1")) {
        assertEquals(3, server.connections());
        refused(server, "127.0.7.1");
      }
      assertTrue(server.awaitConnections(2, Duration.ofSeconds(10)));
      refused(server, "127.0.7.9");
      assertEquals(0, ServerInsides.knownSources(server));

      // Those that are no longer exempt count.
      server.changeAdmission(RULES.maxPerSource(2));
      refused(server, "127.0.7.1");
      last.close();
      assertTrue(server.awaitConnections(1, Duration.ofSeconds(10)));
      served(server, "127.0.7.1").close();
    }
    assertEquals(Map.of(Refusal.FULL, 1, Refusal.DENIED, 1, Refusal.SOURCE_LIMIT, 1), refusals());
  }

  @Test
  void servesAllowedNetworksOnlyAndOfThoseNoDeniedOne() throws Exception {
    AdmissionRules lists =
        RULES.allow(networks("127.1.0.0/16", "127.2.0.1")).deny(networks("127.1.9.0/24"));
    try (Server server = start(lists)) {
      served(server, "127.1.0.1").close();
      served(server, "127.2.0.1").close();
      refused(server, "127.2.0.2");
      refused(server, "127.1.9.1");
      server.changeAdmission(RULES);
      served(server, "127.1.9.1").close();
    }
    assertEquals(Map.of(Refusal.DENIED, 2), refusals());
  }

  @Test
  void deniesWhoeverWasAcceptedBeforeTheDenialAndStillWaits() throws Exception {
    try (Server server = start(RULES);
        Client _ = served(server, "127.0.0.1")) {
      ServerInsides.awaitAccepting(server);
      server.suspend();
      try (Client waiting = Client.connect(server)) {
        waiting.send("hello");
        assertFalse(waiting.isAtEndWithin(Duration.ofMillis(200)));
        server.changeAdmission(RULES.deny(networks("127.0.0.0/8")));
        server.resume();
        assertEquals(BUSY, waiting.receiveAll());
      }
    }
    assertEquals(Map.of(Refusal.DENIED, 1), refusals());
  }

  @Test
  void refusesASourceThatComesTooOften() throws Exception {
    // A day refills no bucket while a test looks.
    var twice = new Rate(2, Duration.ofDays(1));
    try (Server server = start(RULES.sourceRate(twice))) {
      served(server, "127.0.0.1").close();
      served(server, "127.0.0.1").close();
      refused(server, "127.0.0.1");
      served(server, "127.0.0.2").close();
      server.changeAdmission(RULES.sourceRate(new Rate(1, Duration.ofDays(1))));
      served(server, "127.0.0.1").close();
      refused(server, "127.0.0.1");
    }
    assertEquals(Map.of(Refusal.SOURCE_RATE, 2), refusals());
  }

  @Test
  void letsWaitWhatIsAboveTheAcceptRateUntilThatChanges() throws Exception {
    try (Server server = start(RULES.acceptRate(new Rate(2, Duration.ofDays(1))));
        Client _ = served(server, "127.0.0.1");
        Client _ = served(server, "127.0.0.1");
        Client waiting = Client.connect(server)) {
      waiting.send("hello");
      assertFalse(waiting.isAtEndWithin(Duration.ofMillis(200)));
      assertEquals(2, server.connections());
      server.changeAdmission(RULES);
      assertEquals("hello", waiting.receive(5));
    }
    assertEquals(Map.of(), refusals());
  }

  @Test
  void losesNobodyInADrainWhoWaitsForTheAcceptRate() throws Exception {
    try (Server server =
            start(
                RULES.acceptRate(new Rate(1, Duration.ofDays(1))),
                Listen.tcp("127.0.0.1", 0).reusePort(true));
        Client _ = served(server, "127.0.0.1");
        Client waiting = Client.connect(server);
        Client last = Client.connect(server)) {
      waiting.send("hello");
      last.send("hello");
      server.shutdown();
      assertEquals("hello", waiting.receive(5));
      assertEquals("hello", last.receive(5));
    }
  }

  @Test
  void refusesWhatIsAboveTheLimitIfItIsNotToWait() throws Exception {
    AdmissionRules one = RULES.maxConnections(1).whenFull(AdmissionRules.WhenFull.REFUSE);
    try (Server server = start(one);
        Client only = served(server, "127.0.0.1")) {
      refused(server, "127.0.0.1");
      refused(server, "127.0.0.2");
      only.exchange("is not harmed");
      only.close();
      awaitConnections(server, 0);
      served(server, "127.0.0.1").close();
    }
    assertEquals(Map.of(Refusal.FULL, 2), refusals());
  }

  @Test
  void resetsWhoIsRefusedWithoutAGoodbye() throws Exception {
    try (Server server = start(AdmissionRules.DEFAULT.deny(networks("127.0.0.9")));
        Client denied = Client.connect(server, "127.0.0.9")) {
      assertTrue(denied.seesReset());
    }
    assertEquals(Map.of(Refusal.DENIED, 1), refusals());
  }

  @Test
  void letsGoOfAClientThatDoesNotCloseAfterTheGoodbye() throws Exception {
    try (Server server = start(RULES.deny(networks("127.0.0.9")));
        Client denied = Client.connect(server, "127.0.0.9")) {
      assertEquals(BUSY, denied.receiveAll());
      await()
          .until(() -> {
            // What is sent to a closed socket is answered by a reset, which the next write sees.
            try {
              denied.send("still here");
              return false;
            } catch (SocketException reset) {
              return true;
            }
          });
    }
  }

  @Test
  void limitsOneListenerAndNoOther() throws Exception {
    try (Server server =
            start(RULES, Listen.tcp("127.0.0.1", 0).maxConnections(1), Listen.tcp("127.0.0.2", 0));
        Client _ = served(server, "127.0.0.1");
        Client waiting = Client.connect(server, "127.0.0.1")) {
      waiting.send("hello");
      var other = (InetSocketAddress) server.addresses().getLast();
      try (Client client = Client.connect(other.getAddress(), other.getPort(), "127.0.0.1")) {
        client.exchange("is served");
      }
      assertFalse(waiting.isAtEndWithin(Duration.ofMillis(200)));
      SocketAddress listener = server.addresses().getFirst();
      int before = server.maxConnections(listener);
      server.changeMaxConnections(listener, 2);
      assertEquals(List.of(1, 2), List.of(before, server.maxConnections(listener)));
      assertEquals("hello", waiting.receive(5));
      assertThrows(
          IllegalArgumentException.class,
          () -> server.changeMaxConnections(new InetSocketAddress("127.0.0.3", 1), 2));
    }
  }

  @Test
  void limitsAListenerOnAllOfItsSockets() throws Exception {
    try (Server server =
        start(
            RULES.whenFull(AdmissionRules.WhenFull.REFUSE),
            Listen.tcp("127.0.0.1", 0).acceptors(2).maxConnections(3))) {
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        clients.add(served(server, "127.0.0.1"));
      }
      for (int i = 0; i < 10; i++) {
        refused(server, "127.0.0.1");
      }
      for (Client client : clients) {
        client.close();
      }
    }
    assertEquals(Map.of(Refusal.FULL, 10), refusals());
  }

  @Test
  void countsWhatWasOpenBeforeThereWasALimit() throws Exception {
    try (Server server = start(RULES);
        Client first = served(server, "127.0.0.1");
        Client second = served(server, "127.0.0.1");
        Client third = served(server, "127.0.0.1")) {
      server.changeAdmission(RULES.maxPerSource(2));
      refused(server, "127.0.0.1");
      first.close();
      awaitConnections(server, 2);
      refused(server, "127.0.0.1");
      second.close();
      awaitConnections(server, 1);
      try (Client _ = served(server, "127.0.0.1")) {
        refused(server, "127.0.0.1");
        server.changeAdmission(RULES);
        served(server, "127.0.0.1").close();
      }
      third.close();
      await().until(() -> ServerInsides.admission(server).knownSources() == 0);
    }
  }

  @Test
  void takesTheClientOfAProxyForTheSource() throws Exception {
    Listen behindProxy = Listen.tcp("127.0.0.1", 0).proxyProtocol(ProxyProtocol.required());
    try (Server server = start(RULES.maxPerSource(1).deny(networks("192.0.2.66")), behindProxy);
        Client first = proxied(server, "192.0.2.1")) {
      assertEquals("hello", first.receive(5));
      try (Client sameSource = proxied(server, "192.0.2.1");
          Client other = proxied(server, "192.0.2.2");
          Client denied = proxied(server, "192.0.2.66")) {
        assertEquals(BUSY, sameSource.receiveAll());
        assertEquals("hello", other.receive(5));
        assertEquals(BUSY, denied.receiveAll());
      }
      awaitConnections(server, 1);
      first.close();
      awaitConnections(server, 0);
      try (Client again = proxied(server, "192.0.2.1")) {
        assertEquals("hello", again.receive(5));
      }
    }
    assertEquals(Map.of(Refusal.SOURCE_LIMIT, 1, Refusal.DENIED, 1), refusals());
  }

  /** A client behind a proxy. */
  private Client proxied(Server server, String source) throws Exception {
    Client client = Client.connect(server);
    client.send("PROXY TCP4 " + source + " 127.0.0.1 1024 7000\r\nhello");
    return client;
  }

  @Test
  void knowsNoSourceOnAUnixSocketButItsLimit(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("socket");
    AdmissionRules rules =
        RULES
            .maxPerSource(1)
            .maxConnections(2)
            .whenFull(AdmissionRules.WhenFull.REFUSE)
            .allow(networks("192.0.2.1"));
    try (Server _ = start(rules, Listen.unix(path));
        UnixClient first = UnixClient.connect(path);
        UnixClient second = UnixClient.connect(path)) {
      first.exchange("hello");
      second.exchange("hello");
      try (UnixClient third = UnixClient.connect(path)) {
        assertEquals(BUSY, third.receiveAll());
      }
    }
  }

  @Test
  void tellsThatThereAreManyConnectionsOnceInAWhile() throws Exception {
    try (Server server =
            start(
                RULES.alarmAt(2).maxConnections(9), Listen.tcp("127.0.0.1", 0).maxConnections(2));
        Client _ = served(server, "127.0.0.1")) {
      assertEquals(0, alarms().count());
      SocketAddress listener = server.addresses().getFirst();
      try (Client _ = served(server, "127.0.0.1")) {
        await().until(() -> alarms().count() == 2);
        assertEquals(
            Set.of(
                new ServerEvent.ManyConnections(null, 2, 9),
                new ServerEvent.ManyConnections(listener, 2, 2)),
            alarms().collect(Collectors.toSet()));
      }
    }
    assertEquals(2, alarms().count());
  }

  @NeedsModule("jdk.management")
  @Test
  void tellsAtTheStartIfTheDescriptorsAllowFewerConnections() throws Exception {
    start(RULES.maxConnections(10)).close();
    assertEquals(
        0, events.stream().filter(ServerEvent.ConnectionsLimited.class::isInstance).count());
    start(RULES.maxConnections(Integer.MAX_VALUE)).close();
    Descriptors descriptors = Descriptors.ofThisProcess();
    assertTrue(
        events.contains(
            new ServerEvent.ConnectionsLimited(
                Integer.MAX_VALUE, descriptors.connections(), descriptors.limit())));
  }

  @Test
  void takesPermitsBackOnceHoweverOftenAConnectionEnds() throws Exception {
    try (Server server = start(AdmissionRules.DEFAULT.maxConnections(2).maxPerSource(2));
        Client one = Client.connect(server);
        Client other = Client.connect(server)) {
      one.exchange("one");
      other.exchange("other");
      var known = new ArrayList<SocketConnection>();
      ServerInsides.registry(server).forEach(known::add);
      Admission admission = ServerInsides.admission(server);
      for (int i = 0; i < 3; i++) {
        known.getFirst().discard();
      }
      await().untilAsserted(() -> assertEquals(1, admission.connections()));
      assertEquals(2, admission.knownSources());
      known.getLast().discard();
      await().untilAsserted(() -> assertEquals(0, admission.connections()));
      assertEquals(0, admission.knownSources());
    }
  }
}
