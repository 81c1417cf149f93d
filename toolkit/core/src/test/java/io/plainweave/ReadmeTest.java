package io.plainweave;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.admission.Rate;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UdpClient;
import io.plainweave.fixture.UnixClient;
import io.plainweave.framing.Lines;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.tls.CertificateAuthority;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import io.plainweave.udp.DatagramStatistics;
import io.plainweave.udp.Udp;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The code in README.md")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ReadmeTest {
  /** What is between these marks is in README.md, too. */
  private static final Pattern SHOWN =
      Pattern.compile("// README: begin\n(.*?)// README: end\n", Pattern.DOTALL);

  /** Stands for the reader's own class. */
  private static final class MyProtocol {
    // README: begin
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
    // README: end
  }

  @Test
  void runsAsItStands() throws Exception {
    // README: begin
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0))
            .admission(AdmissionRules.DEFAULT.maxConnections(10_000))
            .drainTimeout(Duration.ofSeconds(10))
            .handler(MyProtocol::handle)
            .start()) {
      // README: end
      try (Client client = new Client(new Socket("localhost", server.port()))) {
        client.exchange("hello\n");
        client.exchange("and again\n");
        client.finish();
        assertEquals("", client.receiveAll());
      }
    }
  }

  @Test
  void listensInBothWays(@TempDir Path folder) throws Exception {
    // README: begin
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
    // README: end
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
    // README: begin
    Network balancers = Network.parse("10.0.0.0/8");
    Listen listen = Listen.tcp(7000).proxyProtocol(ProxyProtocol.requiredFrom(balancers));
    // README: end
    assertEquals("PROXY header from 10.0.0.0/8", String.valueOf(listen.proxyProtocol()));
  }

  @Test
  void admitsByRules() throws Exception {
    // README: begin
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
    // README: end
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
    // README: begin
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
    // README: end
    try (server;
        Client client = new Client(new Socket("localhost", server.port()))) {
      assertEquals("tick ", client.receive(5));
      client.finish();
    }
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
    // README: begin
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
    // README: end
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
    // README: begin
    ServerTls tls = ServerTls.builder().identity(Identity.pem(chain, key)).build();
    Listen listen = Listen.tcp(7443).tls(tls);
    // later, when the files are new
    tls.reload();
    // README: end
    assertEquals(tls, listen.tls());
  }

  @Test
  void isTheCodeOfThisTest() throws Exception {
    String readme = Files.readString(Path.of("../../README.md"));
    String test = Files.readString(Path.of("src/test/java/io/plainweave/ReadmeTest.java"));
    List<String> shown = SHOWN.matcher(test).results().map(match -> match.group(1)).toList();
    for (String code : shown) {
      assertTrue(squeeze(readme).contains(squeeze(code)), () -> "README.md lacks: " + code);
    }
    int echo = 1; // which the tests of the samples look at
    assertEquals(shown.size() + echo, readme.split("```java", -1).length - 1);
  }

  private static String squeeze(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
