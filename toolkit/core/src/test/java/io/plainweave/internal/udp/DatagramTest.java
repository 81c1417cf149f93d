package io.plainweave.internal.udp;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.MalformedMessageException;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import io.plainweave.server.ServerState;
import io.plainweave.udp.Datagram;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramHandler;
import io.plainweave.udp.DatagramStatistics;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A server that takes datagrams")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class DatagramTest {
  private static final DatagramHandler ECHO = datagram -> datagram.reply(datagram.bytes());

  private static Server echo(Udp udp) throws Exception {
    return Server.builder().datagrams(udp, ECHO).start();
  }

  private static DatagramStatistics figures(Server server) {
    return server.datagrams().getFirst();
  }

  @Test
  void runsItsHandlerForEachDatagramAndNeedsNoHandlerOfConnections() throws Exception {
    try (Server server = echo(Udp.at("127.0.0.1", 0));
        UdpClient client = UdpClient.of(server)) {
      assertEquals("hello", client.ask("hello"));
      assertEquals("and again", client.ask("and again"));
      assertEquals(List.of(), server.addresses());
      assertEquals(2, figures(server).received());
      // The peer may have it before it is counted.
      await().untilAsserted(() -> assertEquals(2, figures(server).sent()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void takesBothFamiliesAtEveryAddress(String address) throws Exception {
    if (address.contains(":")) {
      Machine.needsIpv6();
    }
    try (Server server = echo(Udp.at(0));
        UdpClient client = UdpClient.from(address, server)) {
      assertEquals("hello", client.ask("hello"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void sharesItsPortWithNobodyThoughItHasASocketForEachAddress(String address) throws Exception {
    if (address.contains(":")) {
      Machine.needsIpv6();
    }
    var asked = new CompletableFuture<InetSocketAddress>();
    try (Server server =
            Server.builder()
                .datagrams(Udp.at(0), datagram -> asked.complete(datagram.localAddress()))
                .start();
        UdpClient client = UdpClient.from(address, server);
        var other = new DatagramSocket(null)) {
      client.send("hello");
      assertEquals(client.server(), asked.get(10, TimeUnit.SECONDS));
      other.setReuseAddress(true);
      assertThrows(BindException.class, () -> other.bind(client.server()));
      int port = figures(server).address().getPort();
      assertThrows(BindException.class, () -> echo(Udp.at(port)));
    }
  }

  @Test
  void takesAnIpv6AddressAlone() throws Exception {
    Machine.needsIpv6();
    try (Server server = echo(Udp.at("::1", 0));
        UdpClient client = UdpClient.from("::1", server)) {
      assertEquals("hello", client.ask("hello"));
    }
  }

  @Test
  void tellsTheHandlerWhoHasSentTheDatagramAndWhereItCameIn() throws Exception {
    var seen = new CompletableFuture<Datagram>();
    try (Server server =
            Server.builder().datagrams(Udp.at("127.0.0.1", 0), seen::complete).start();
        UdpClient client = UdpClient.of(server)) {
      client.send("hello");
      Datagram datagram = seen.get(10, TimeUnit.SECONDS);
      assertEquals(client.socket().getLocalSocketAddress(), datagram.remoteAddress());
      assertEquals(figures(server).address(), datagram.localAddress());
      // Another thread, later, and a buffer that is left as it is.
      ByteBuffer reply = ByteBuffer.wrap("xlater".getBytes()).position(1);
      assertTrue(datagram.reply(reply));
      assertEquals("later", client.receive());
      assertEquals(1, reply.position());
      assertThrows(IllegalArgumentException.class, () -> datagram.reply(new byte[65_508]));
    }
  }

  @Test
  void sharesAPortWithTcp() throws Exception {
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .datagrams(Udp.besideTcp(), ECHO)
                .handler(connection -> connection.input().transferTo(connection.output()))
                .start();
        UdpClient udp = UdpClient.of(server);
        Client tcp = Client.connect(server)) {
      assertEquals(server.addresses().getFirst(), figures(server).address());
      assertEquals("hello", udp.ask("hello"));
      tcp.exchange("hello");
    }
  }

  @Test
  void takesEveryAddressOfANameAsTcpDoes() throws Exception {
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0))
            .handler(Connection::abort)
            .datagrams(Udp.besideTcp(), ECHO)
            .datagrams(Udp.at("localhost", 0), ECHO)
            .start()) {
      List<InetSocketAddress> addresses =
          server.datagrams().stream().map(DatagramStatistics::address).toList();
      int names = InetAddress.getAllByName("localhost").length;
      assertEquals(server.addresses(), addresses.subList(0, names));
      assertEquals(2 * names, addresses.size());
      assertEquals(2, addresses.stream().map(InetSocketAddress::getPort).distinct().count());
      for (InetSocketAddress address : addresses) {
        try (UdpClient client = UdpClient.at(address.getAddress().getHostAddress(), address)) {
          assertEquals("hello", client.ask("hello"));
        }
      }
    }
  }

  @Test
  void saysThatTheSystemGivesNoSuchReceiveBuffer() {
    Server server =
        Server.builder().datagrams(Udp.at(0).receiveBuffer(2_000_000_000), ECHO).build();
    var failure = assertThrows(BindException.class, server::start);
    assertTrue(failure.getMessage().contains("2000000000"), failure.getMessage());
  }

  @Test
  void startsWithAllItsListenersOrNone() throws Exception {
    try (var taken = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      Server server =
          Server.builder()
              .listen(Listen.tcp("127.0.0.1", 0))
              .handler(Connection::abort)
              .datagrams(Udp.at("127.0.0.1", 0), ECHO)
              .datagrams(Udp.at("127.0.0.1", taken.getLocalPort()), ECHO)
              .build();
      var failure = assertThrows(BindException.class, server::start);
      String message = failure.getMessage();
      assertTrue(message.contains("udp:127.0.0.1:" + taken.getLocalPort()), message);
      assertTrue(message.contains("take another"), message);
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }

  @Test
  void saysWhatItCannotListenOn() {
    for (var bad : List.of("203.0.113.9", "no-such-host.invalid")) {
      Server server = Server.builder().datagrams(Udp.at(bad, 0), ECHO).build();
      var failure = assertThrows(IOException.class, server::run);
      assertTrue(failure.getMessage().contains(bad), failure.getMessage());
    }
    assertThrows(
        IllegalStateException.class,
        () -> Server.builder().datagrams(Udp.besideTcp(), ECHO).build());
  }

  @Test
  void refusesValuesThatMakeNoSenseAndSaysWhich() {
    List<Runnable> mistakes =
        List.of(
            () -> Udp.at(-1),
            () -> Udp.at(65_536),
            () -> Udp.at(" ", 1),
            () -> Udp.at(0).maxDatagram(0),
            () -> Udp.at(0).maxDatagram(65_528),
            () -> Udp.at(0).receivers(0),
            () -> Udp.at(0).receiveBuffer(-1),
            () -> Udp.at(0).maxHandlers(0),
            () -> Udp.at(0).mailbox(0),
            () -> Udp.at(0).amplification(-1));
    for (Runnable mistake : mistakes) {
      var failure = assertThrows(IllegalArgumentException.class, mistake::run);
      assertTrue(failure.getMessage().matches(".*: '? ?-?\\d*'?"), failure.getMessage());
    }
  }

  @Test
  void dropsAndCountsWhatIsBeyondTheLimitOfHandlers() throws Exception {
    var atWork = new CountDownLatch(2);
    var finish = new CountDownLatch(1);
    try (Server server =
            Server.builder()
                .datagrams(
                    Udp.at("127.0.0.1", 0).maxHandlers(2),
                    datagram -> {
                      atWork.countDown();
                      finish.await();
                      datagram.reply(datagram.bytes());
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send("1");
      client.send("2");
      atWork.await();
      client.send("3");
      await().until(() -> figures(server).dropped(DatagramDrop.BUSY) == 1);
      assertEquals(2, figures(server).handlers());
      finish.countDown();
      client.receive();
      client.receive();
      await().until(() -> figures(server).handlers() == 0);
      assertEquals("4", client.ask("4"));
    }
  }

  @Test
  void goesOnWhenAHandlerThrows() throws Exception {
    var failed = new ArrayList<CloseReason>();
    try (Server server =
            Server.builder()
                .datagrams(
                    Udp.at("127.0.0.1", 0),
                    datagram -> {
                      switch (new String(datagram.bytes())) {
                        case "malformed" -> throw new MalformedMessageException("by the test");
                        case "stack" -> throw new StackOverflowError();
                        default -> datagram.reply(datagram.bytes());
                      }
                    })
                .observer(event -> {
                  if (event instanceof ServerEvent.DatagramFailed e) {
                    synchronized (failed) {
                      failed.add(e.reason());
                      failed.notifyAll();
                    }
                  }
                })
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send("malformed");
      client.send("stack");
      assertEquals("fine", client.ask("fine"));
      await()
          .untilAsserted(() -> {
            synchronized (failed) {
              assertEquals(2, failed.size());
              assertEquals(1, failed.stream().filter(CloseReason::isExpected).count());
            }
          });
      assertEquals(3, figures(server).received());
    }
  }

  @Test
  void servesNobodyWhomTheAdmissionRulesDeny() throws Exception {
    var rules = AdmissionRules.DEFAULT.deny(Set.of(Network.parse("127.0.0.2/32")));
    try (Server server =
            Server.builder().datagrams(Udp.at("127.0.0.1", 0), ECHO).admission(rules).start();
        UdpClient denied = UdpClient.from("127.0.0.2", server);
        UdpClient other = UdpClient.of(server)) {
      denied.send("hello");
      assertEquals("hello", other.ask("hello"));
      assertEquals(Map.of(DatagramDrop.DENIED, 1L), figures(server).dropped());
      assertEquals(2, figures(server).received());
      server.changeAdmission(AdmissionRules.DEFAULT);
      assertEquals("hello", denied.ask("hello"));
    }
  }

  @Test
  void receivesWithSeveralSocketsOnOnePort() throws Exception {
    List<UdpClient> clients = new ArrayList<>();
    try (Server server = echo(Udp.at("127.0.0.1", 0).receivers(3))) {
      for (int i = 0; i < 30; i++) {
        clients.add(UdpClient.of(server));
      }
      for (UdpClient client : clients) {
        assertEquals("hello", client.ask("hello"));
      }
      assertEquals(1, server.datagrams().size());
      assertEquals(30, figures(server).received());
    } finally {
      clients.forEach(UdpClient::close);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"239.255.77.77", "ff01::7777"})
  void hearsAMulticastGroupAndRepliesToTheSender(String address) throws Exception {
    InetAddress group = InetAddress.ofLiteral(address);
    NetworkInterface device = deviceFor(group);
    Udp udp = Udp.at(0).multicast(group, device);
    try (Server server =
            Server.builder().sessions(udp, session -> session.send(session.receive())).start();
        var sender = new DatagramSocket()) {
      sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, device);
      int port = figures(server).address().getPort();
      var client = new UdpClient(sender, new InetSocketAddress(group, port));
      assertEquals("hello", client.ask("hello"));
      assertEquals(1, figures(server).received());
    }
  }

  /**
   * Nothing leaves it: IPv4 goes over the loopback, and ff01::/16 ends at its device (RFC 4291).
   */
  private static NetworkInterface deviceFor(InetAddress group) throws IOException {
    if (group instanceof Inet4Address) {
      return NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
    }
    Optional<NetworkInterface> device =
        NetworkInterface.networkInterfaces()
            .filter(one ->
                one.inetAddresses()
                    .anyMatch(own -> own instanceof Inet6Address && own.isLinkLocalAddress()))
            .findFirst();
    assumeTrue(device.isPresent(), "no device has IPv6 but the loopback");
    return device.get();
  }

  @Test
  void saysWhichGroupsItCannotHear() throws Exception {
    var loopback = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
    InetAddress ipv4 = InetAddress.ofLiteral("239.255.77.77");
    InetAddress ipv6 = InetAddress.ofLiteral("ff02::7777");
    Server server =
        Server.builder().datagrams(Udp.at("127.0.0.1", 0).multicast(ipv6, loopback), ECHO).build();
    var failure = assertThrows(BindException.class, server::start);
    assertTrue(
        failure.getMessage().contains("cannot join the group ff02::7777 on lo"),
        failure.getMessage());
    List<Runnable> mistakes =
        List.of(
            () -> Udp.at(0).multicast(InetAddress.getLoopbackAddress(), loopback),
            () -> Udp.at(0).multicast(ipv4, loopback).receivers(2),
            () -> Udp.at(0).receivers(2).multicast(ipv4, loopback));
    mistakes.forEach(mistake -> assertThrows(IllegalArgumentException.class, mistake::run));
  }

  @Test
  void finishesWhatItWorksOnInADrainAndTakesNothingNew() throws Exception {
    var atWork = new CountDownLatch(1);
    var finish = new CountDownLatch(1);
    try (Server server =
            Server.builder()
                .datagrams(
                    Udp.at("127.0.0.1", 0),
                    datagram -> {
                      atWork.countDown();
                      finish.await();
                      datagram.reply("done".getBytes());
                    })
                .drainTimeout(Duration.ofSeconds(20))
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send("work");
      atWork.await();
      server.shutdown();
      // The drain has begun for the receiver when it drops.
      await()
          .until(() -> {
            client.send("more");
            return figures(server).dropped(DatagramDrop.DRAINING) > 0;
          });
      finish.countDown();
      assertEquals("done", client.receive());
      DrainReport report = server.drain();
      assertTrue(report.finished() >= 1, report::toString);
      assertEquals(0, report.forced());
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }

  @Test
  void beginsNothingBehindACancellation() throws Exception {
    var begun = new AtomicInteger();
    try (Server server =
            Server.builder()
                .datagrams(Udp.at("127.0.0.1", 0), _ -> begun.incrementAndGet())
                .start();
        UdpClient client = UdpClient.of(server)) {
      // The receiver has not heard of it yet.
      ServerInsides.cancel(server);
      client.send("too late");
      await().until(() -> figures(server).dropped(DatagramDrop.DRAINING) == 1);
      assertEquals(0, begun.get());
    }
  }

  @Test
  void cancelsHandlersThatDoNotEndAndTellsWhereTheyStood() throws Exception {
    var atWork = new CountDownLatch(1);
    var interrupted = new AtomicInteger();
    try (Server server =
            Server.builder()
                .datagrams(
                    Udp.at("127.0.0.1", 0),
                    datagram -> {
                      atWork.countDown();
                      try {
                        new CountDownLatch(1).await();
                      } finally {
                        interrupted.incrementAndGet();
                        datagram.reply("goodbye".getBytes());
                      }
                    })
                .drainTimeout(Duration.ZERO)
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send("work");
      atWork.await();
      DrainReport report = server.drain();
      assertEquals(1, report.forced());
      assertEquals(0, report.finished());
      assertTrue(
          report.forcedAt().getFirst().stack().toString().contains("DatagramTest"),
          report::toString);
      assertEquals(1, interrupted.get());
      assertEquals("goodbye", client.receive());
    }
  }
}
