package io.plainweave.status;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.admission.Refusal;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.fixture.UdpClient;
import io.plainweave.framing.Lines;
import io.plainweave.server.Server;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The figures of a server")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class FiguresTest {
  /** Each kind of end so often. */
  private static final int TIMES = 30;

  private static final int LONGEST_LINE = 100;

  @TempDir Path folder;

  private final ConnectionEvents events = new ConnectionEvents();
  private Server server;

  /** What a client does, and how its connection ends by that. */
  private enum Script {
    FINISHED(CloseReason.Finished.class) {
      @Override
      void play(Client client) throws IOException {
        client.exchange("hello\r\n");
        client.finish();
        assertEquals("", client.receiveAll());
      }
    },
    PEER_RESET(CloseReason.PeerReset.class) {
      @Override
      void play(Client client) throws IOException {
        client.exchange("hello\r\n");
        client.reset();
      }
    },
    TRUNCATED(CloseReason.Truncated.class) {
      @Override
      void play(Client client) throws IOException {
        client.send("half a li");
        client.finish();
        assertTrue(client.seesReset());
      }
    },
    MALFORMED(CloseReason.Malformed.class) {
      @Override
      void play(Client client) throws IOException {
        client.send("x".repeat(LONGEST_LINE + 10));
        assertTrue(client.seesReset());
      }
    },
    FAILED(CloseReason.HandlerFailed.class) {
      @Override
      void play(Client client) throws IOException {
        client.send("fail\r\n");
        assertTrue(client.seesReset());
      }
    },
    UPSTREAM(CloseReason.UpstreamFailed.class) {
      @Override
      void play(Client client) throws IOException {
        client.send("upstream\r\n");
        assertTrue(client.seesReset());
      }
    },
    ABORTED(CloseReason.Aborted.class) {
      @Override
      void play(Client client) throws IOException {
        client.send("abort\r\n");
        assertTrue(client.seesReset());
      }
    },
    TIMED_OUT(CloseReason.TimedOut.class) {
      @Override
      void play(Client client) throws IOException {
        client.exchange("hurry\r\n");
        assertEquals("", client.receiveAll());
      }
    };

    private final Class<? extends CloseReason> reason;

    Script(Class<? extends CloseReason> reason) {
      this.reason = reason;
    }

    abstract void play(Client client) throws IOException;
  }

  private static void serve(Connection connection) throws Exception {
    var lines = Lines.crlf(connection, LONGEST_LINE);
    for (String line; (line = lines.read()) != null; ) {
      switch (line) {
        case "fail" -> throw new IllegalStateException("as it was told");
        case "upstream" -> throw new ConnectException("nobody there");
        case "abort" -> connection.abort();
        case "hurry" -> {
          connection.changeTimeLimits(TimeLimits.NONE.idle(Duration.ofMillis(200)));
          lines.write(line);
        }
        default -> lines.write(line);
      }
    }
  }

  private Server start(Listen... listeners) throws Exception {
    var builder =
        Server.builder()
            .handler(FiguresTest::serve)
            .timeLimits(TimeLimits.NONE.linger(Duration.ofSeconds(5)))
            .observer(events)
            .drainTimeout(Duration.ofSeconds(10))
            .stopOnSignal(false);
    for (Listen listen : listeners) {
      builder.listen(listen);
    }
    return builder
        .datagrams(Udp.at("127.0.0.1", 0), datagram -> datagram.reply(datagram.bytes()))
        .start();
  }

  private static Client connect(SocketAddress listener) throws IOException {
    var inet = (InetSocketAddress) listener;
    return Client.connect(inet.getAddress(), inet.getPort(), "127.0.0.1");
  }

  @Test
  void areWhatAMixOfConnectionsHasDone() throws Exception {
    TlsServer tls = TlsServer.in(folder);
    List<Client> drained;
    try (Server server =
        start(Listen.tcp("127.0.0.1", 0).name("plain"), tls.listen().name("tls"))) {
      this.server = server;
      playAll();
      refuse();
      endByAnOperator();
      shakeHands(tls);
      askByUdp();
      List<Client> left = connectAndStay();
      assertTotals(server.live().status());
      leave(left);
      assertTotals(server.live().status());
      drained = connectAndStay();
    }
    for (Client client : drained) {
      assertEquals("", client.receiveAll());
      client.close();
    }
    assertEquals(Map.of(), server.live().status().open());
    assertEquals(TIMES, server.live().status().closed(CloseReason.Drained.class));
  }

  private void playAll() throws Exception {
    List<Script> scripts = new ArrayList<>();
    for (Script script : Script.values()) {
      scripts.addAll(Collections.nCopies(TIMES, script));
    }
    Collections.shuffle(scripts, new Random(11));
    for (Script script : scripts) {
      try (Client client = Client.connect(server)) {
        script.play(client);
      }
    }
  }

  private void refuse() throws IOException {
    server.changeAdmission(AdmissionRules.DEFAULT.deny(Set.of(Network.parse("127.0.0.9"))));
    for (int i = 0; i < TIMES; i++) {
      try (Client client = Client.connect(server, "127.0.0.9")) {
        assertTrue(client.wasResetAtOnce() || client.seesReset());
      }
    }
  }

  private void endByAnOperator() throws Exception {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < TIMES; i++) {
      clients.add(Client.connect(server, "127.0.0.10"));
      clients.getLast().exchange("hello\r\n");
    }
    server
        .live()
        .find(it -> it.isPeerIn(Network.parse("127.0.0.10")))
        .forEach(it -> assertTrue(it.end("maintenance")));
    for (Client client : clients) {
      assertEquals("", client.receiveAll());
      client.close();
    }
  }

  private void shakeHands(TlsServer tls) throws Exception {
    SocketAddress listener = server.addresses().getLast();
    for (int i = 0; i < 5; i++) {
      try (Client client = connect(listener);
          SSLSocket secured = tls.connect(client.socket(), "TLSv1.3")) {
        TlsServer.send(secured, "hello\r\n");
        assertEquals("hello\r\n", TlsServer.receive(secured, 7));
      }
      try (Client client = connect(listener)) {
        client.send("this is not TLS\n");
        boolean _ = client.seesReset(); // or an alert
      }
    }
  }

  private void askByUdp() throws Exception {
    try (UdpClient client = UdpClient.of(server)) {
      client.send("hello");
      await().until(() -> server.live().status().datagrams().getFirst().sent() == 1);
    }
  }

  private List<Client> connectAndStay() throws Exception {
    awaitNobody();
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < TIMES; i++) {
      clients.add(Client.connect(server));
      clients.getLast().exchange("stay\r\n");
    }
    var plain = new ListenerName("plain", server.addresses().getFirst());
    await().until(() -> server.live().status().open(ConnectionState.WAITING) == TIMES);
    ServerStatus status = server.live().status();
    assertEquals(Map.of(ConnectionState.WAITING, TIMES), status.open());
    var tls = new ListenerName("tls", server.addresses().getLast());
    assertEquals(Map.of(plain, TIMES, tls, 0), status.openByListener());
    assertEquals(0, status.buffers());
    return clients;
  }

  private void awaitNobody() throws InterruptedException {
    assertTrue(server.awaitConnections(0, Duration.ofSeconds(10)));
  }

  private void leave(List<Client> clients) throws Exception {
    for (Client client : clients) {
      client.close();
    }
    awaitNobody();
  }

  private void assertTotals(ServerStatus status) {
    List<ServerEvent.ConnectionClosed> closed = events.awaitClosed(events.closed());
    int open = status.totalOpen();
    for (Script script : Script.values()) {
      int more = script == Script.FINISHED ? 5 + (open == 0 ? TIMES : 0) : 0;
      assertEquals(TIMES + more, status.closed(script.reason), script::toString);
    }
    assertEquals(TIMES, status.closed(CloseReason.EndedByOperator.class));
    assertEquals(5, status.closed(CloseReason.TlsFailed.class));
    assertEquals(5, status.handshakesPassed());
    assertEquals(5, status.handshakesFailed());
    assertEquals(Map.of(Refusal.DENIED, (long) TIMES), status.refused());
    assertEquals(closed.size(), status.totalClosed());
    assertEquals(events.opened(), status.accepted());
    assertEquals(status.accepted(), status.totalOpen() + status.totalClosed());

    // Each of those that stay has sent six bytes, and has got them back.
    long still = open * 6L;
    assertEquals(
        still + sum(closed.stream().mapToLong(ServerEvent.ConnectionClosed::received)),
        status.received());
    assertEquals(
        still + sum(closed.stream().mapToLong(ServerEvent.ConnectionClosed::sent)), status.sent());
    // hello, hello, hurry, hello to the operator; hello by TLS; stay
    assertEquals(TIMES * (7 + 7 + 7 + 7) + 5 * 7 + TIMES * 6, status.sent());
    // the same, half a li, the line that is too long, fail, upstream, abort
    assertEquals(status.sent() + TIMES * (9 + LONGEST_LINE + 10 + 6 + 10 + 7), status.received());

    // Each hello, the one by TLS too, and each line that is a command; and those that stay.
    assertEquals(TIMES * (1 + 1 + 1 + 1 + 1 + 1 + 1 + 1) + 5, status.times().messages().total());
    assertEquals(10, status.times().handshakes().total());
    assertEquals(status.accepted() - 5, status.times().firstBytes().total());
    assertEquals(0, status.writeStalls());
    assertTrue(status.threads().queued() >= 0);
    assertEquals(
        status.threads().eventLoops() > 0,
        status.threads().loopTime().isPositive(),
        status::toString);

    assertEquals(closed.size(), status.ages().total());
    for (int bucket = 0; bucket < Long.SIZE; bucket++) {
      int each = bucket;
      assertEquals(
          closed.stream().filter(it -> Histogram.bucket(it.age().toMillis()) == each).count(),
          status.ages().counts().get(bucket));
      assertEquals(
          closed.stream().filter(it -> Histogram.bucket(it.received() + it.sent()) == each).count(),
          status.sizes().counts().get(bucket));
    }
    assertEquals(1, status.datagrams().getFirst().received());
    assertTrue(status.threads().carriers() > 0);
    assertEquals(
        status.threads().eventLoops() > 0, status.threads().loopThreads() > 0, status::toString);
  }

  private static long sum(LongStream values) {
    return values.sum();
  }

  @Test
  void haveABucketForEachPowerOfTwo() {
    assertEquals(0, Histogram.bucket(0));
    assertEquals(1, Histogram.bucket(1));
    assertEquals(2, Histogram.bucket(2));
    assertEquals(2, Histogram.bucket(3));
    assertEquals(63, Histogram.bucket(Long.MAX_VALUE));
    assertEquals(0, Histogram.greatest(0));
    assertEquals(3, Histogram.greatest(2));
    assertEquals(Long.MAX_VALUE, Histogram.greatest(63));
  }

  @Test
  void haveABoundForAPartOfTheValues() {
    var none = new Histogram(Collections.nCopies(Long.SIZE, 0L));
    assertEquals(0, none.bound(0.5));
    // Ten zeros, 80 of 64 to 127 and ten of 1024 to 2047.
    List<Long> counts =
        IntStream.range(0, Long.SIZE)
            .mapToObj(bucket -> bucket == 7 ? 80L : bucket == 0 || bucket == 11 ? 10L : 0L)
            .toList();
    var some = new Histogram(counts);
    assertEquals(100, some.total());
    assertEquals(0, some.bound(0));
    assertEquals(0, some.bound(0.1));
    assertEquals(127, some.bound(0.11));
    assertEquals(127, some.bound(0.9));
    assertEquals(2047, some.bound(0.99));
    assertEquals(2047, some.bound(1));
    assertThrows(IllegalArgumentException.class, () -> some.bound(1.1));
    assertThrows(IllegalArgumentException.class, () -> some.bound(Double.NaN));
  }
}
