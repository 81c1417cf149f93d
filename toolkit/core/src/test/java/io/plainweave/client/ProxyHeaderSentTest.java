package io.plainweave.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.Network;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.UnixClient;
import io.plainweave.framing.Lines;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.proxyprotocol.Tlv;
import io.plainweave.server.Server;
import io.plainweave.text.Addresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A PROXY header that is sent")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ProxyHeaderSentTest {
  /** Tells its client, in a line, who that is and how it came; then echoes. */
  private static void answer(Connection connection) throws Exception {
    List<Tlv> tlvs = connection.proxyHeader().map(ProxyHeader::tlvs).orElse(List.of());
    String line =
        Addresses.format(connection.remoteAddress())
            + " to "
            + Addresses.format(connection.localAddress())
            + tlvs;
    Lines.of(connection, 1000).write(line);
    connection.output().flush();
    connection.input().transferTo(connection.output());
  }

  private static Server start(Listen listen, Handler handler) throws Exception {
    return Server.builder()
        .listen(listen)
        .timeLimits(TimeLimits.NONE)
        .handler(handler)
        .drainTimeout(Duration.ofSeconds(10))
        .start();
  }

  private static Handler relayTo(Connector target) {
    return
    // @start region="relay"
    connection -> {
      ProxyHeader header = Relay.headerFor(connection);
      try (Connection upstream = target.proxyHeader(header).connect()) {
        Relay.between(connection, upstream);
      }
    }
    // @end
    ;
  }

  private static Connector to(Server server) {
    return Connector.tcp("127.0.0.1", server.port());
  }

  private static String describe(InetSocketAddress client, InetSocketAddress front) {
    return Addresses.format(client) + " to " + Addresses.format(front) + "[]";
  }

  private static Listen behindAProxy() {
    return Listen.tcp("127.0.0.1", 0).proxyProtocol(ProxyProtocol.required());
  }

  @Test
  void tellsTheTargetOfARelayWhoTheClientIs() throws Exception {
    try (Server target = start(behindAProxy(), ProxyHeaderSentTest::answer);
        Server relay = start(Listen.tcp("127.0.0.1", 0), relayTo(to(target)));
        Client client = Client.connect(relay)) {
      client.finish();
      assertEquals(
          describe(
                  (InetSocketAddress) client.socket().getLocalSocketAddress(),
                  (InetSocketAddress) client.socket().getRemoteSocketAddress())
              + "\n",
          client.receiveAll());
    }
  }

  @Test
  void tellsOfTheFirstClientThroughSeveralRelays() throws Exception {
    try (Server target = start(behindAProxy(), ProxyHeaderSentTest::answer);
        Server second = start(behindAProxy(), relayTo(to(target)));
        Server first = start(Listen.tcp("127.0.0.1", 0), relayTo(to(second)));
        Client client = Client.connect(first)) {
      client.send("hello");
      client.finish();
      assertEquals(
          describe(
                  (InetSocketAddress) client.socket().getLocalSocketAddress(),
                  (InetSocketAddress) client.socket().getRemoteSocketAddress())
              + "\nhello",
          client.receiveAll());
    }
  }

  @Test
  void saysThatTheConnectionIsTheRelaysOwnForAClientOfAUnixDomainSocket(@TempDir Path folder)
      throws Exception {
    Path front = folder.resolve("front.sock");
    Path back = folder.resolve("back.sock");
    try (Server _ =
            start(
                Listen.unix(back).proxyProtocol(ProxyProtocol.required()),
                ProxyHeaderSentTest::answer);
        Server _ = start(Listen.unix(front), relayTo(Connector.unix(back)));
        UnixClient client = UnixClient.connect(front)) {
      client.finish();
      assertEquals("unix:(unnamed) to unix:" + back + "[]\n", client.receiveAll());
    }
  }

  @Test
  void goesAheadOfAllElseAndDoesNotWaitForAWrite() throws Exception {
    ProxyHeader header = ProxyHeader.local();
    try (var target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Handler handler =
          connection -> {
            Connector connector = Connector.tcp("127.0.0.1", target.getLocalPort());
            try (Connection upstream = connector.proxyHeader(header).connect()) {
              // Nothing was written here, and no wait for the input of upstream sends anything.
              connection.input().transferTo(upstream.output());
            }
          };
      try (Server server = start(Listen.tcp("127.0.0.1", 0), handler);
          Client client = Client.connect(server);
          var accepted = new Client(target.accept())) {
        byte[] expected = header.toBytes();
        accepted.socket().setSoTimeout(10_000);
        assertArrayEquals(expected, accepted.socket().getInputStream().readNBytes(expected.length));
        client.send("hello");
        client.finish();
        assertEquals("hello", accepted.receiveAll());
      }
    }
  }

  @Test
  void mayBearFurtherFacts() throws Exception {
    Tlv id = new Tlv(Tlv.UNIQUE_ID, "id-1".getBytes(US_ASCII));
    try (Server target = start(behindAProxy(), ProxyHeaderSentTest::answer);
        Server relay =
            start(
                Listen.tcp("127.0.0.1", 0),
                connection -> {
                  ProxyHeader header = Relay.headerFor(connection).with(id).checksum(true);
                  try (Connection upstream = to(target).proxyHeader(header).connect()) {
                    Relay.between(connection, upstream);
                  }
                });
        Client client = Client.connect(relay)) {
      client.finish();
      String told = client.receiveAll();
      assertEquals("[0x05=\"id-1\"]\n", told.substring(told.indexOf('[')));
    }
  }

  @Test
  void isRefusedByATargetThatWantsNone() throws Exception {
    var closed = new ClosedConnections();
    try (Server target =
            Server.builder()
                .listen(
                    Listen.tcp("127.0.0.1", 0)
                        .proxyProtocol(ProxyProtocol.requiredFrom(Network.parse("192.0.2.0/24"))))
                .handler(ProxyHeaderSentTest::answer)
                .start();
        Server relay = closed.start(relayTo(to(target)));
        Client client = Client.connect(relay)) {
      assertTrue(client.seesReset());
      assertInstanceOf(CloseReason.UpstreamFailed.class, closed.next());
    }
  }
}
