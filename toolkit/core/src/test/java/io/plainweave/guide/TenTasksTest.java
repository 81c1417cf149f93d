package io.plainweave.guide;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.event.DrainReport;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Frames;
import io.plainweave.framing.LengthPrefix;
import io.plainweave.framing.Lines;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import io.plainweave.server.Server;
import io.plainweave.server.ServerState;
import io.plainweave.tls.CertificateAuthority;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.Identity;
import io.plainweave.tls.ServerTls;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Plainweave's side of what the pages "Coming from ..." have side by side. */
@DisplayName("The ten tasks of the guide")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class TenTasksTest {
  // shown: begin echo
  static Server echo(int port) throws Exception {
    return Server.builder()
        .listen(Listen.tcp(port))
        .handler(connection -> connection.input().transferTo(connection.output()))
        .start();
  }

  // shown: end

  @Test
  void beginWithAnEcho() throws Exception {
    try (Server server = echo(0);
        Client client = Client.connect(server)) {
      client.exchange("hello\n");
      client.finish();
      assertEquals("", client.receiveAll());
    }
  }

  // shown: begin lines
  static void greet(Connection connection) throws IOException {
    Lines lines = Lines.of(connection, 8_192);
    for (String name; (name = lines.read()) != null; ) {
      lines.write("hello " + name);
    }
  }

  // shown: end

  @Test
  void haveLines() throws Exception {
    try (Server server =
            Server.builder().listen(Listen.tcp(0)).handler(TenTasksTest::greet).start();
        Client client = Client.connect(server)) {
      client.send("Ada\nGrace\n");
      client.finish();
      assertEquals("hello Ada\nhello Grace\n", client.receiveAll());
    }
  }

  // shown: begin frames
  static void answer(Connection connection) throws IOException {
    Frames frames = Frames.lengthPrefixed(connection, LengthPrefix.U32_BIG_ENDIAN, 1 << 20);
    for (byte[] request; (request = frames.read()) != null; ) {
      frames.write(request);
    }
  }

  // shown: end

  @Test
  void haveFrames() throws Exception {
    try (Server server =
            Server.builder().listen(Listen.tcp(0)).handler(TenTasksTest::answer).start();
        Client client = Client.connect(server)) {
      client.exchange("\0\0\0\2hi");
      client.exchange("\0\0\0\0");
      client.send("\177\0\0\0"); // two gigabytes
      assertTrue(client.seesReset());
    }
  }

  // shown: begin silence
  static Listen listen(int port) {
    var limits =
        TimeLimits.DEFAULT
            .idle(Duration.ofMinutes(1)) // nothing in either direction
            .message(Duration.ofSeconds(20)); // from its first byte to its last, dripped or not
    return Listen.tcp(port).timeLimits(limits);
  }

  // shown: end

  @Test
  void endWhoIsSilent() throws Exception {
    Listen listen = listen(0);
    assertEquals(Duration.ofMinutes(1), listen.timeLimits().idle());
    try (Server server = Server.builder().listen(listen).handler(TenTasksTest::greet).start();
        Client client = Client.connect(server)) {
      client.send("Ada\n");
      assertEquals("hello Ada\n", client.receive(10));
      server.changeTimeLimits(
          server.addresses().getFirst(), TimeLimits.DEFAULT.idle(Duration.ofMillis(100)));
      assertEquals("", client.receiveAll());
    }
  }

  // shown: begin broadcast
  private final Group room = new Group();

  void chat(Connection connection) throws Exception {
    Lines lines = Lines.of(connection, 1_000);
    var outbox = new Outbox(connection, 100, Outbox.Policy.DISCONNECT); // who is 100 behind
    try (var client = connection.openScope()) {
      client.fork("outbox", outbox);
      try (outbox) { // closed, it leaves the room and sends the rest
        room.join("client " + connection.id(), outbox);
        for (String line; (line = lines.read()) != null; ) {
          room.broadcast((line + "\n").getBytes(UTF_8));
        }
      }
      client.join();
    }
  }

  // shown: end

  @Test
  void tellAll() throws Exception {
    try (Server server = Server.builder().listen(Listen.tcp(0)).handler(this::chat).start();
        Client first = Client.connect(server);
        Client second = Client.connect(server)) {
      first.exchange("are you there?\n");
      second.send("yes\n");
      assertEquals("yes\n", first.receive(4));
      first.finish();
      assertEquals("", first.receiveAll());
    }
  }

  // shown: begin tls
  static Listen secure(int port, Path chain, Path key) throws IOException {
    ServerTls tls = ServerTls.builder().identity(Identity.pem(chain, key)).build();
    return Listen.tcp(port).tls(tls); // tls.reload() takes new files
  }

  // shown: end

  @Test
  void haveTls(@TempDir Path folder) throws Exception {
    var authority = CertificateAuthority.in(folder, "authority");
    authority.issue("localhost", "DNS:localhost");
    Listen listen = secure(0, authority.chain("localhost"), authority.key("localhost"));
    ClientTls trusting = ClientTls.builder().trust(authority.certificate()).build();
    try (Server server = Server.builder().listen(listen).handler(TenTasksTest::greet).start();
        Connection client = Connector.tcp("localhost", server.port()).tls(trusting).connect()) {
      Lines lines = Lines.of(client, 1_000);
      lines.write("Ada");
      assertEquals("hello Ada", lines.read());
    }
  }

  // shown: begin relay
  static void relay(Connection connection, Connector target) throws Exception {
    try (Connection upstream = target.connectTimeout(Duration.ofSeconds(2)).connect()) {
      Relay.between(connection, upstream); // both directions, half-close included
    }
  }

  // shown: end

  @Test
  void goOnToAnother() throws Exception {
    try (Server echo = echo(0)) {
      Connector target = Connector.tcp("localhost", echo.port());
      try (Server server =
              Server.builder()
                  .listen(Listen.tcp(0))
                  .handler(connection -> relay(connection, target))
                  .start();
          Client client = Client.connect(server)) {
        client.exchange("hello\n");
        client.send("the rest");
        client.finish();
        assertEquals("the rest", client.receiveAll());
      }
    }
  }

  // shown: begin limit
  static Server limited(int port) throws Exception {
    return Server.builder()
        .listen(Listen.tcp(port))
        .admission(AdmissionRules.DEFAULT.maxConnections(10_000).maxPerSource(100))
        .handler(connection -> connection.input().transferTo(connection.output()))
        .start();
  }

  // shown: end

  @Test
  void haveALimit() throws Exception {
    try (Server server = limited(0);
        Client client = Client.connect(server)) {
      client.exchange("hello\n");
      server.changeAdmission(server.admission().maxPerSource(1));
      try (Client second = Client.connect(server)) {
        assertTrue(second.seesReset());
      }
    }
  }

  // shown: begin shutdown
  static String stop(Server server) {
    DrainReport report = server.drain(); // listeners close, work is finished, the rest is cancelled
    return report.finished() + " have finished, " + report.forced() + " were cancelled";
  }

  // shown: end

  @Test
  void endInOrder() throws Exception {
    try (Server server = echo(0);
        Client client = Client.connect(server)) {
      client.exchange("hello\n");
      server.changeTimeLimits(TimeLimits.DEFAULT.linger(Duration.ofMillis(200)));
      assertEquals("1 have finished, 0 were cancelled", stop(server));
      assertEquals("", client.receiveAll());
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }
}
