package io.plainweave.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.Network;
import io.plainweave.admission.Refusal;
import io.plainweave.event.DrainReport;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.proxyprotocol.Tlv;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows X1, X4, X5 and X6 of the faults; the format itself has tests of its own. */
@DisplayName("A listener behind a proxy")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ProxyProtocolTest {
  private static final InetSocketAddress CLIENT = at("192.0.2.7", 4321);
  private static final InetSocketAddress FRONT = at("198.51.100.1", 443);
  private static final Network ELSEWHERE = Network.parse("192.0.2.0/24");
  private static final Network LOOPBACK = Network.parse("127.0.0.0/8");

  /** What the handler has seen, before it echoes. */
  private record Seen(Object remote, Object local, Optional<ProxyHeader> header) {}

  private final BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
  private final ClosedConnections closed = new ClosedConnections();

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  private Server start(ProxyProtocol protocol) throws Exception {
    return start(Listen.tcp("127.0.0.1", 0).proxyProtocol(protocol), TimeLimits.NONE);
  }

  private Server start(Listen listen, TimeLimits limits) throws Exception {
    return Server.builder()
        .listen(listen)
        .timeLimits(limits)
        .observer(closed)
        .drainTimeout(Duration.ofSeconds(10))
        .handler(this::echo)
        .start();
  }

  private void echo(Connection connection) throws IOException {
    seen.add(
        new Seen(connection.remoteAddress(), connection.localAddress(), connection.proxyHeader()));
    connection.input().transferTo(connection.output());
  }

  private Seen handled() throws InterruptedException {
    Seen handled = seen.poll(10, TimeUnit.SECONDS);
    assertTrue(handled != null, "the handler has run");
    return handled;
  }

  private void assertNotHandled() {
    assertTrue(seen.isEmpty(), "the handler has not run");
  }

  private static void send(Client client, ProxyHeader header, String payload) throws IOException {
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes(header.toBytes());
    bytes.writeBytes(payload.getBytes(US_ASCII));
    client.socket().getOutputStream().write(bytes.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void tellsTheAddressesOfTheClientAndLeavesItsBytesToTheHandler(boolean binary) throws Exception {
    ProxyHeader header =
        binary
            ? ProxyHeader.v2(CLIENT, FRONT).with(Tlv.of(Tlv.AUTHORITY, "a.org")).checksum(true)
            : ProxyHeader.v1(CLIENT, FRONT);
    try (Server server = start(ProxyProtocol.required());
        Client client = Client.connect(server)) {
      send(client, header, "hello");
      assertEquals("hello", client.receive(5));
      assertEquals(new Seen(CLIENT, FRONT, Optional.of(header)), handled());
      client.exchange("again");
      client.finish();
      assertEquals("", client.receiveAll());
    }
  }

  @Test
  void takesAHeaderThatComesByteByByte() throws Exception {
    ProxyHeader header = ProxyHeader.v2(CLIENT, FRONT).with(Tlv.of(Tlv.ALPN, "h2"));
    try (Server server = start(ProxyProtocol.required());
        Client client = Client.connect(server)) {
      client.socket().setTcpNoDelay(true);
      for (byte b : header.toBytes()) {
        client.socket().getOutputStream().write(b);
      }
      client.exchange("hello");
      assertEquals(new Seen(CLIENT, FRONT, Optional.of(header)), handled());
    }
  }

  @Test
  void keepsTheRealAddressesOfTheProxysOwnConnection() throws Exception {
    try (Server server = start(ProxyProtocol.required());
        Client client = Client.connect(server)) {
      send(client, ProxyHeader.local(), "hello");
      assertEquals("hello", client.receive(5));
      assertEquals(
          new Seen(
              client.socket().getLocalSocketAddress(),
              client.socket().getRemoteSocketAddress(),
              Optional.of(ProxyHeader.local())),
          handled());
    }
  }

  @Test
  void takesAConnectionThatEndsWithoutAByteForAHealthCheck() throws Exception {
    try (Server server = start(ProxyProtocol.required());
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("", client.receiveAll());
      assertInstanceOf(CloseReason.Finished.class, closed.next());
      assertNotHandled();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"P", "PROXY TCP4 1.2.3.4 ", "\r\n\r\n"})
  void refusesAHeaderThatEndsInTheMiddle(String begin) throws Exception {
    try (Server server = start(ProxyProtocol.required());
        Client client = Client.connect(server)) {
      client.send(begin);
      client.finish();
      assertTrue(client.seesReset());
      assertInstanceOf(CloseReason.Truncated.class, closed.next());
      assertNotHandled();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", "p"})
  void refusesWhateverIsNoHeader(String sent) throws Exception {
    try (Server server = start(ProxyProtocol.requiredFrom(LOOPBACK));
        Client client = Client.connect(server)) {
      client.send(sent);
      assertTrue(client.seesReset());
      var malformed = assertInstanceOf(CloseReason.Malformed.class, closed.next());
      assertTrue(
          malformed.cause().getMessage().startsWith("what the peer has sent is no PROXY header: "),
          malformed.cause().getMessage());
      assertNotHandled();
    }
  }

  @Test
  void waitsNoLongerForAHeaderThanTheHandshakeMayTake() throws Exception {
    TimeLimits limits = TimeLimits.NONE.handshake(Duration.ofSeconds(1));
    Listen listen = Listen.tcp("127.0.0.1", 0).proxyProtocol(ProxyProtocol.required());
    try (Server server = start(listen, limits);
        Client silent = Client.connect(server);
        Client halfway = Client.connect(server)) {
      halfway.send("PROXY TCP4 1.2.3.4 ");
      assertTrue(silent.seesReset());
      assertTrue(halfway.seesReset());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE), closed.next());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE), closed.next());
      assertNotHandled();
    }
  }

  @Test
  void servesClientsWhileOthersTakeTheirTimeWithTheirHeader() throws Exception {
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0).proxyProtocol(ProxyProtocol.required()))
                .maxHandshakes(1)
                .timeLimits(TimeLimits.NONE)
                .handler(this::echo)
                .start();
        Client silent = Client.connect(server);
        Client halfway = Client.connect(server);
        Client client = Client.connect(server)) {
      halfway.send("PROXY TCP4 1.2.3.4 ");
      await().until(() -> server.connections() == 3);
      send(client, ProxyHeader.v2(CLIENT, FRONT), "hello");
      assertEquals("hello", client.receive(5));
      silent.finish();
      assertEquals("", silent.receiveAll());
    }
  }

  @Test
  void endsAConnectionWithoutAHeaderInADrain() throws Exception {
    try (Server server = start(ProxyProtocol.required());
        Client silent = Client.connect(server);
        Client halfway = Client.connect(server)) {
      halfway.send("PROXY TCP4 1.2.3.4 ");
      await().until(() -> server.connections() == 2);
      DrainReport report = server.drain();
      assertEquals(2, report.finished());
      assertInstanceOf(CloseReason.Drained.class, closed.next());
      assertInstanceOf(CloseReason.Drained.class, closed.next());
      assertNotHandled();
    }
  }

  @Test
  void refusesThoseWhoAreNotInTheNetworksOfTheProxies() throws Exception {
    try (Server server = start(ProxyProtocol.requiredFrom(ELSEWHERE));
        Client client = Client.connect(server)) {
      assertTrue(client.seesReset());
      assertInstanceOf(CloseReason.Refused.class, closed.next());
      assertNotHandled();
    }
  }

  @Test
  void tellsOfThoseWhomItRefuses() throws Exception {
    var told = new LinkedBlockingQueue<ServerEvent.ConnectionsRefused>();
    try (Server server =
            Server.builder()
                .listen(
                    Listen.tcp("127.0.0.1", 0).proxyProtocol(ProxyProtocol.requiredFrom(ELSEWHERE)))
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionsRefused refused) {
                    told.add(refused);
                  }
                })
                .handler(this::echo)
                .start();
        Client client = Client.connect(server)) {
      assertTrue(client.seesReset());
      ServerEvent.ConnectionsRefused refused = told.poll(10, TimeUnit.SECONDS);
      assertTrue(refused != null, "somebody is told");
      assertEquals(Refusal.NO_PROXY, refused.reason());
    }
  }

  @Test
  void servesThoseWhoAreNotDirectlyIfToldToAndReadsNoHeaderOfTheirs() throws Exception {
    String lie = "PROXY TCP4 192.0.2.7 198.51.100.1 4321 443\r\n";
    try (Server server = start(ProxyProtocol.requiredFrom(ELSEWHERE).othersDirect(true));
        Client client = Client.connect(server)) {
      client.exchange(lie);
      assertEquals(
          new Seen(
              client.socket().getLocalSocketAddress(),
              client.socket().getRemoteSocketAddress(),
              Optional.empty()),
          handled());
    }
  }

  @Test
  void stillNeedsAHeaderFromAProxyWhereOthersAreServedDirectly() throws Exception {
    try (Server server = start(ProxyProtocol.requiredFrom(LOOPBACK).othersDirect(true));
        Client client = Client.connect(server)) {
      client.send("hello");
      assertTrue(client.seesReset());
      assertInstanceOf(CloseReason.Malformed.class, closed.next());
    }
  }

  /** Nothing more comes before the server has answered. */
  @Test
  void takesTheBeginningOfTlsThatHasComeWithTheHeader(@TempDir Path folder) throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), hello);
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ProxyHeader.v2(CLIENT, FRONT).toBytes());
    bytes.write(hello.array(), 0, hello.position());

    Listen listen = TlsServer.in(folder).listen().proxyProtocol(ProxyProtocol.required());
    try (Server server = start(listen, TimeLimits.NONE);
        Client client = Client.connect(server)) {
      client.socket().getOutputStream().write(bytes.toByteArray());
      int recordOfAHandshake = 22;
      assertEquals(recordOfAHandshake, client.socket().getInputStream().read());
    }
  }

  @Test
  void mayListenOnAUnixDomainSocket(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("app.sock");
    ProxyHeader header = ProxyHeader.v2(CLIENT, FRONT);
    try (Server _ =
            start(Listen.unix(path).proxyProtocol(ProxyProtocol.required()), TimeLimits.NONE);
        SocketChannel proxy = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      proxy.write(ByteBuffer.wrap(header.toBytes()));
      assertEquals(new Seen(CLIENT, FRONT, Optional.of(header)), handled());
    }
  }

  @Test
  void isDescribedByWhereItsProxiesAre() {
    assertEquals("PROXY header from everyone", ProxyProtocol.required().toString());
    assertEquals(
        "PROXY header from 127.0.0.0/8, 192.0.2.0/24, others direct",
        ProxyProtocol.requiredFrom(LOOPBACK, ELSEWHERE).othersDirect(true).toString());
    assertThrows(IllegalArgumentException.class, ProxyProtocol::requiredFrom);
  }
}
