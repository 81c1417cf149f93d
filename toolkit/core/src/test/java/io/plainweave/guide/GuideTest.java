package io.plainweave.guide;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Deadline;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.MalformedMessageException;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.admission.Rate;
import io.plainweave.client.Connector;
import io.plainweave.event.DrainReport;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.fixture.UnixClient;
import io.plainweave.framing.Frames;
import io.plainweave.framing.LengthPrefix;
import io.plainweave.framing.Lines;
import io.plainweave.framing.MessageReader;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.tls.CertificateAuthority;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import io.plainweave.trace.TraceTarget;
import io.plainweave.udp.DatagramStatistics;
import io.plainweave.udp.Udp;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What pages of the guide show, beside parts of other tests. */
@DisplayName("The guide")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class GuideTest {
  /** Stands for the reader's own class. */
  private static final class MyProtocol {
    // shown: begin outbox
    static void handle(Connection connection) throws Exception {
      var lines = Lines.of(connection, 8_192); // longest line in bytes
      var outbox = new Outbox(connection, 1_000, Outbox.Policy.DISCONNECT); // others may offer
      try (var client = connection.openScope()) {
        client.fork("outbox", outbox);
        try (outbox) {
          for (String line; (line = lines.read()) != null; ) {
            outbox.offer((line + "\n").getBytes(UTF_8));
          }
        }
        client.join();
      }
    }
    // shown: end
  }

  @Test
  void hasLimitsOfTime() throws Exception {
    // shown: begin limits
    TimeLimits limits =
        TimeLimits.DEFAULT
            .firstByte(Duration.ofSeconds(5))
            .message(Duration.ofSeconds(10))
            .idle(Duration.ofMinutes(5))
            .lifetime(Duration.ofHours(12));
    Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0))
            .timeLimits(limits)
            .handler(MyProtocol::handle)
            .start();
    // later, in an attack
    server.changeTimeLimits(limits.firstByte(Duration.ofSeconds(1)).idle(Duration.ofSeconds(20)));
    // shown: end
    try (server;
        Client client = Client.connect(server)) {
      client.exchange("hello\n");
      client.finish();
      assertEquals("", client.receiveAll());
    }
  }

  @Test
  void drains() throws Exception {
    // shown: begin drain
    Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0))
            .handler(MyProtocol::handle)
            .drainDelay(Duration.ofMillis(100)) // until the load balancer has noticed
            .drainSpread(Duration.ofMillis(500)) // so that not all clients come back at once
            .drainTimeout(Duration.ofSeconds(20)) // then what is left is cancelled
            .start();
    // shown: end
    try (Client client = Client.connect(server)) {
      client.exchange("hello\n");
      server.changeTimeLimits(TimeLimits.DEFAULT.linger(Duration.ofMillis(200)));
      // shown: begin report
      DrainReport report = server.drain();
      report.forcedAt().forEach(position -> System.out.println("cancelled: " + position));
      // shown: end
      assertEquals(1, report.finished());
      assertEquals("", client.receiveAll());
    }
  }

  @Test
  void saysGoodbye() throws Exception {
    // shown: begin goodbye
    Handler handler =
        connection -> {
          Lines lines = Lines.crlf(connection, 1_000);
          for (String line; (line = lines.read()) != null; ) {
            lines.write("250 " + line);
          }
          if (connection.isDraining()) { // or else the client has finished
            lines.write("421 we are going down");
          }
        };
    // shown: end
    Server server = Server.builder().listen(Listen.tcp("localhost", 0)).handler(handler).start();
    try (Client client = Client.connect(server)) {
      client.send("NOOP\r\n");
      assertEquals("250 NOOP\r\n", client.receive(10));
      server.shutdown();
      assertEquals("421 we are going down\r\n", client.receiveAll());
    } finally {
      server.close();
    }
  }

  @Test
  void readsFrames() throws Exception {
    Handler handler =
        new Handler() {
          // shown: begin frames
          @Override
          public void handle(Connection connection) throws IOException {
            Frames frames = Frames.lengthPrefixed(connection, LengthPrefix.U16_BIG_ENDIAN, 1_000);
            for (byte[] frame; (frame = frames.read()) != null; ) {
              MessageReader request = MessageReader.of(frame);
              int kind = request.readByte();
              String name = request.readUtf8(request.readUnsignedShort());
              request.readEnd(); // a rest would be a peer that means something else
              if (kind != 1) {
                throw new MalformedMessageException("no such kind: " + kind);
              }
              frames.write(("voted for " + name).getBytes(UTF_8));
            }
          }
          // shown: end
        };
    try (Server server =
            Server.builder().listen(Listen.tcp("localhost", 0)).handler(handler).start();
        Client client = Client.connect(server)) {
      client.send("\0\6\1\0\3tea");
      assertEquals("\0\15voted for tea", client.receive(15));
      client.send("\0\6\2\0\3tea");
      assertTrue(client.seesReset());
    }
  }

  @Test
  void connects() throws Exception {
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0))
            .handler(connection -> connection.input().transferTo(connection.output()))
            .start()) {
      int port = server.port();
      // shown: begin connect
      Connector connector =
          Connector.tcp("localhost", port)
              .connectTimeout(Duration.ofSeconds(2)) // each attempt, all addresses of the name
              .retryFor(Duration.ofSeconds(30)); // a server that is not up yet
      try (Connection connection = connector.connect()) {
        Lines lines = Lines.of(connection, 1_000);
        lines.write("hello");
        String answer = Deadline.in(Duration.ofSeconds(5)).call(lines::read);
        // shown: end
        assertEquals("hello", answer);
      }
    }
  }

  @Test
  void listensInBothWays(@TempDir Path folder) throws Exception {
    // shown: begin listeners
    Path socket = folder.resolve("admin.sock");
    Listen admin = Listen.unix(socket).permissions("rw-rw----"); // without: for this user only
    ServerBuilder builder =
        Server.builder()
            .listen(Listen.tcp("localhost", 0), MyProtocol::handle)
            .listen(
                admin.timeLimits(TimeLimits.DEFAULT.idle(Duration.ofHours(1))),
                connection -> {
                  String user = connection.peerCredentials().orElseThrow().user().getName();
                  connection.output().write(("hello " + user + "\n").getBytes(UTF_8));
                });
    // shown: end
    try (Server server = builder.start();
        Client client = new Client(new Socket("localhost", server.port()));
        UnixClient user = UnixClient.connect(socket)) {
      client.exchange("hello\n");
      client.finish();
      assertEquals("", client.receiveAll());
      user.finish();
      assertEquals("hello " + System.getProperty("user.name") + "\n", user.receiveAll());
    }
  }

  @Test
  void listensBehindAProxy() {
    // shown: begin proxy
    Network balancers = Network.parse("10.0.0.0/8");
    Listen listen = Listen.tcp(7000).proxyProtocol(ProxyProtocol.requiredFrom(balancers));
    // shown: end
    assertEquals("PROXY header from 10.0.0.0/8", String.valueOf(listen.proxyProtocol()));
  }

  @Test
  void admitsByRules() throws Exception {
    // shown: begin admission
    AdmissionRules rules =
        AdmissionRules.DEFAULT
            .maxConnections(10_000)
            .maxPerSource(100)
            .sourceRate(Rate.perSecond(20))
            .deny(Set.of(Network.parse("192.0.2.0/24")))
            .goodbye(ByteBuffer.wrap("421 too busy\r\n".getBytes(UTF_8)));
    Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0).maxConnections(9_000))
            .handler(MyProtocol::handle)
            .admission(rules)
            .start();
    // later, in a flood
    server.changeAdmission(server.admission().maxPerSource(1));
    // shown: end
    try (server;
        Client first = new Client(new Socket("localhost", server.port()))) {
      first.exchange("hello\n");
      try (Client second = new Client(new Socket("localhost", server.port()))) {
        assertEquals("421 too busy\r\n", second.receiveAll());
      }
    }
  }

  @Test
  void hasWorkOfItsOwn() throws Exception {
    // shown: begin background
    var players = new Group();
    Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0), connection -> play(connection, players))
            .background(
                "ticks",
                () -> {
                  for (int tick = 1; ; tick++) {
                    players.broadcast(("tick " + tick + "\n").getBytes(UTF_8));
                    Thread.sleep(Duration.ofMillis(50));
                  }
                })
            .start();
    // shown: end
    try (server;
        Client client = new Client(new Socket("localhost", server.port()))) {
      assertEquals("tick ", client.receive(5));
      client.finish();
    }
  }

  @Test
  void tracesWhatIsSaid(@TempDir Path folder) throws Exception {
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("localhost", 0))
                .handler(MyProtocol::handle)
                .start();
        Client client = Client.connect(server)) {
      client.exchange("hello\n");
      long id = server.live().connections().findFirst().orElseThrow().id();
      // shown: begin trace
      Network network = Network.parse("127.0.0.0/8");
      server.live().connection(id).orElseThrow().trace(TraceTarget.text(folder.resolve("one.txt")));
      server.live().trace(network, TraceTarget.pcapng(folder.resolve("all.pcapng")));
      // shown: end
      client.exchange("and again\n");
      client.finish();
      assertEquals("", client.receiveAll());
    }
    assertTrue(Files.readString(folder.resolve("one.txt")).contains("61 6e 64 20"));
    assertTrue(Files.size(folder.resolve("all.pcapng")) > 100);
  }

  private static void play(Connection connection, Group players) throws Exception {
    var outbox = new Outbox(connection, 100, Outbox.Policy.DISCONNECT);
    try (var player = connection.openScope()) {
      player.fork("outbox", outbox);
      try (outbox) {
        players.join(connection.toString(), outbox);
        connection.input().readAllBytes();
      }
      player.join();
    }
  }

  @Test
  void takesDatagrams() throws Exception {
    // shown: begin datagrams
    Server server =
        Server.builder()
            .datagrams(Udp.at("localhost", 0), datagram -> datagram.reply(datagram.bytes()))
            .sessions(
                Udp.at("localhost", 0).mailbox(64), // datagrams that may wait for the handler
                session -> {
                  for (byte[] request; (request = session.receive()) != null; ) {
                    session.send(request);
                  }
                })
            .start();
    // shown: end
    try (server) {
      for (DatagramStatistics place : server.datagrams()) {
        String host = place.address().getAddress().getHostAddress();
        try (UdpClient client = UdpClient.at(host, place.address())) {
          assertEquals("hello", client.ask("hello"));
        }
      }
    }
  }

  @Test
  void listensByTls(@TempDir Path folder) throws Exception {
    CertificateAuthority.in(folder, "server");
    Path chain = folder.resolve("server.pem");
    Path key = folder.resolve("server.key");
    // shown: begin tls
    ServerTls tls = ServerTls.builder().identity(Identity.pem(chain, key)).build();
    Listen listen = Listen.tcp(7443).tls(tls);
    // later, when the files are new
    tls.reload();
    // shown: end
    assertEquals(tls, listen.tls());
  }
}
