package io.plainweave.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.admission.Rate;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.server.Server;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramHandler;
import io.plainweave.udp.DatagramStatistics;
import io.plainweave.udp.SessionHandler;
import io.plainweave.udp.Udp;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Table D: datagrams")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class DatagramFaultsTest {
  private static final DatagramHandler ECHO = datagram -> datagram.reply(datagram.bytes());

  private static final SessionHandler SESSION_ECHO =
      session -> {
        for (byte[] next; (next = session.receive()) != null; ) {
          session.send(next);
        }
      };

  private static Udp udp() {
    return Udp.at("127.0.0.1", 0);
  }

  private static Server echo(Udp udp) throws Exception {
    return Server.builder().datagrams(udp, ECHO).start();
  }

  private static DatagramStatistics figures(Server server) {
    return server.datagrams().getFirst();
  }

  private static void awaitDropped(Server server, DatagramDrop why, long count) {
    await().untilAsserted(() -> assertEquals(count, figures(server).dropped(why), why::name));
  }

  @Test
  void d1DropsAndCountsWhatIsTooLongAndCutsNothing() throws Exception {
    try (Server server = echo(udp().maxDatagram(1_000));
        UdpClient client = UdpClient.of(server)) {
      client.send(new byte[1_001]);
      client.send(new byte[65_507]);
      client.send(new byte[1_000]);
      assertEquals(1_000, client.receiveBytes().length);
      assertFalse(client.hasMail());
      assertEquals(Map.of(DatagramDrop.OVERSIZE, 2L), figures(server).dropped());
      assertEquals("on", client.ask("on"));
    }
  }

  @Test
  void d1TakesAndSendsTheLongestThatIpv4Has() throws Exception {
    try (Server server = echo(udp().maxDatagram(65_507));
        UdpClient client = UdpClient.of(server)) {
      client.send(new byte[65_507]);
      assertEquals(65_507, client.receiveBytes().length);
    }
  }

  @Test
  void d1TakesAndSendsTheLongestThatIpv6Has() throws Exception {
    Machine.needsIpv6();
    try (Server server = echo(Udp.at("::1", 0).maxDatagram(65_527));
        var client = DatagramChannel.open()) {
      client.connect(figures(server).address());
      assertEquals(65_527, client.write(ByteBuffer.allocate(65_527)));
      client.socket().setSoTimeout(10_000);
      var packet = new DatagramPacket(new byte[65_535], 65_535);
      client.socket().receive(packet);
      assertEquals(65_527, packet.getLength());
    }
  }

  @Test
  void d2DeliversWhatIsEmpty() throws Exception {
    try (Server server =
            Server.builder().datagrams(udp(), ECHO).sessions(udp(), SESSION_ECHO).start();
        UdpClient toHandler = UdpClient.of(server);
        UdpClient toSession = UdpClient.at("127.0.0.1", server.datagrams().getLast().address())) {
      for (UdpClient client : new UdpClient[] {toHandler, toSession}) {
        assertEquals("", client.ask(""));
        assertEquals("on", client.ask("on"));
      }
    }
  }

  @Test
  void d3GoesOnWhenItsRepliesFindNobody() throws Exception {
    var allGone = new CountDownLatch(1);
    var replied = new AtomicInteger();
    try (Server server =
        Server.builder()
            .sessions(
                udp(),
                session -> {
                  session.validate();
                  byte[] request = session.receive();
                  allGone.await();
                  for (int i = 0; i < 20; i++) {
                    session.send(request);
                  }
                  replied.incrementAndGet();
                })
            .start()) {
      // All at once: the next one could get the port of one that is gone.
      List<UdpClient> gone = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        gone.add(UdpClient.of(server));
        gone.getLast().send("gone");
      }
      for (UdpClient client : gone) {
        client.close();
      }
      allGone.countDown();
      await().until(() -> replied.get() == 20);
      try (UdpClient client = UdpClient.of(server)) {
        assertEquals("on", client.ask("on"));
      }
      assertEquals(21, figures(server).received());
      await().until(() -> figures(server).handlers() == 0);
    }
  }

  @Test
  void d4RepliesNoMoreThanAMultipleOfWhatHasCome() throws Exception {
    var taken = new ConcurrentLinkedQueue<Boolean>();
    try (Server server =
            Server.builder()
                .datagrams(
                    udp().amplification(2),
                    datagram -> {
                      // With 28 bytes of headers, 228 may be sent for 114.
                      taken.add(datagram.reply(new byte[72]));
                      taken.add(datagram.reply(new byte[101]));
                      taken.add(datagram.reply(new byte[100]));
                      taken.add(datagram.reply(new byte[0]));
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send(new byte[86]);
      assertEquals(72, client.receiveBytes().length);
      assertEquals(100, client.receiveBytes().length);
      awaitDropped(server, DatagramDrop.AMPLIFICATION, 2);
      await().until(() -> taken.size() == 4);
      assertEquals("[true, false, true, false]", taken.toString());
      assertFalse(client.hasMail());
    }
  }

  @Test
  void d4SendsAnyNumberOfBytesToAPeerThatIsNotForged() throws Exception {
    try (Server server =
            Server.builder()
                .sessions(
                    udp(),
                    session -> {
                      for (byte[] next; (next = session.receive()) != null; ) {
                        if (new String(next).equals("a secret")) {
                          session.validate();
                        }
                        for (int i = 0; i < 10; i++) {
                          session.send(next);
                        }
                      }
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      client.send("12345678");
      awaitDropped(server, DatagramDrop.AMPLIFICATION, 7);
      client.send("a secret");
      for (int i = 0; i < 13; i++) {
        client.receive();
      }
      assertFalse(client.hasMail());
      assertEquals(7, figures(server).dropped(DatagramDrop.AMPLIFICATION));
    }
  }

  @Test
  void d4LimitsTheRateOfOneSourceAndServesTheOthers() throws Exception {
    try (Server server = echo(udp().sourceRate(Rate.perSecond(5)));
        UdpClient flood = UdpClient.from("127.0.0.2", server);
        UdpClient accomplice = UdpClient.from("127.0.0.2", server);
        UdpClient other = UdpClient.from("127.0.0.3", server)) {
      await()
          .until(() -> {
            for (int i = 0; i < 10; i++) {
              flood.send("flood");
              accomplice.send("flood");
            }
            return figures(server).dropped(DatagramDrop.SOURCE_RATE) >= 20;
          });
      assertEquals("on", other.ask("on"));
    }
  }

  @Test
  @Tag("machine")
  void d4RepliesToNobodyWhoCannotHaveAsked() throws Exception {
    Machine.needsRoot("python3");
    try (Server server = Server.builder().datagrams(udp(), ECHO).datagrams(udp(), ECHO).start();
        UdpClient client = UdpClient.of(server)) {
      int own = figures(server).address().getPort();
      int other = server.datagrams().getLast().address().getPort();
      int noReplyWanted = 0;
      // Its own port, and that of another, with which it would talk for ever.
      forge(own, noReplyWanted, own, other);
      awaitDropped(server, DatagramDrop.NO_REPLY_ADDRESS, 3);
      assertEquals(0, figures(server).sent());
      assertEquals(0, server.datagrams().getLast().received());
      assertEquals("on", client.ask("on"));
    }
  }

  @Test
  @Tag("machine")
  void d4EndsALoopWithAnotherServerByTheLimitOfTheRate() throws Exception {
    Machine.needsRoot("python3");
    try (Server one = echo(udp().sourceRate(Rate.perSecond(2)));
        Server other = echo(udp().sourceRate(Rate.perSecond(2)))) {
      forge(figures(one).address().getPort(), figures(other).address().getPort());
      await()
          .until(() ->
              figures(one).dropped(DatagramDrop.SOURCE_RATE)
                      + figures(other).dropped(DatagramDrop.SOURCE_RATE)
                  == 1);
      assertTrue(figures(one).sent() >= 2, "there was a loop");
    }
  }

  /** Sends a datagram from each of these ports of this machine, which are others'. */
  private static void forge(int to, Object... from) throws Exception {
    String program =
        """
        import socket, struct
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        s.bind(('127.0.0.1', 0))
        for port in %s:
            udp = struct.pack('!4H', port, %d, 8 + 5, 0) + b'hello'
            s.sendto(udp, ('127.0.0.1', 0))
        """;
    Machine.run("python3", "-c", program.formatted(List.of(from), to));
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "*"})
  void d5TellsWhatTheKernelHasDroppedAndGoesOn(String address) throws Exception {
    Machine.needsProc();
    if (address.contains(":")) {
      Machine.needsIpv6();
    }
    boolean any = address.equals("*");
    Udp udp = any ? Udp.at(0) : Udp.at(address, 0);
    Queue<ServerEvent.DatagramsDropped> told = new ConcurrentLinkedQueue<>();
    try (Server server =
            Server.builder()
                .datagrams(udp.receiveBuffer(4_096), ECHO)
                .observer(event -> {
                  if (event instanceof ServerEvent.DatagramsDropped e) {
                    told.add(e);
                  }
                })
                .start();
        UdpClient client = UdpClient.from(any ? "127.0.0.1" : address, server)) {
      await()
          .until(() -> {
            for (int i = 0; i < 500; i++) {
              client.send(new byte[500]);
            }
            return figures(server).dropped(DatagramDrop.KERNEL) > 0;
          });
      await().until(() -> !told.isEmpty());
      assertEquals(figures(server).address(), told.element().listener());
      assertTrue(told.element().dropped().get(DatagramDrop.KERNEL) > 0, told::toString);
      try (UdpClient fresh = UdpClient.from(any ? "127.0.0.1" : address, server)) {
        assertEquals("on", fresh.ask("on"));
      }
    }
  }

  @Test
  void d6KeepsItsSocketWhateverIsInterrupted() throws Exception {
    try (Server server =
            Server.builder()
                .datagrams(
                    udp(),
                    datagram -> {
                      Thread.currentThread().interrupt();
                      datagram.reply(datagram.bytes());
                    })
                .sessions(
                    udp(),
                    session -> {
                      Thread.currentThread().interrupt();
                      session.send("first".getBytes());
                      // Fails, since the thread is interrupted.
                      session.receive();
                    })
                .start();
        UdpClient toHandler = UdpClient.of(server);
        UdpClient toSession = UdpClient.at("127.0.0.1", server.datagrams().getLast().address())) {
      for (int i = 0; i < 50; i++) {
        assertEquals("hello", toHandler.ask("hello"));
        assertEquals("first", toSession.ask("hello"));
        await()
            .pollInterval(Duration.ofMillis(1))
            .until(() -> server.datagrams().getLast().handlers() == 0);
      }
      assertEquals(50, server.datagrams().getLast().dropped(DatagramDrop.UNREAD));
    }
  }

  @Test
  void d6LetsEveryCancelledHandlerSayGoodbye() throws Exception {
    var begun = new CountDownLatch(20);
    try (Server server =
            Server.builder()
                .datagrams(
                    udp(),
                    datagram -> {
                      begun.countDown();
                      try {
                        new CountDownLatch(1).await();
                      } finally {
                        datagram.reply("goodbye".getBytes());
                      }
                    })
                .start();
        UdpClient client = UdpClient.of(server)) {
      for (int i = 0; i < 20; i++) {
        client.send("hello");
      }
      begun.await();
      server.shutdownNow();
      for (int i = 0; i < 20; i++) {
        assertEquals("goodbye", client.receive());
      }
    }
  }

  @Test
  @Tag("machine")
  void a7GoesOnWhenItsSocketWasDestroyed() throws Exception {
    Machine.needsRoot("ss");
    int port;
    try (var free = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      port = free.getLocalPort();
    }
    try (Server server = echo(Udp.at("127.0.0.1", port));
        UdpClient client = UdpClient.of(server)) {
      assertEquals("before", client.ask("before"));
      Machine.run("ss", "-u", "-a", "-K", "sport", "=", ":" + port);
      assertEquals("after", client.ask("after"));
    }
  }
}
