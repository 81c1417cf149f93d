package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.UnixClient;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.ProxyHeader.Version;
import io.plainweave.server.Server;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Table X: the PROXY header in a chain of proxies")
class ProxyChainFaultsTest extends ProxyFaults {
  private static final String CLIENT_4 = "1.2.3.4";
  private static final String CLIENT_6 = "2001:db8::1";

  private static String header(String client) {
    return client.equals(CLIENT_4)
        ? "PROXY TCP4 1.2.3.4 5.6.7.8 51512 443\r\n"
        : "PROXY TCP6 2001:db8::1 2001:db8::2 51512 443\r\n";
  }

  private void assertTold(String client, String destination, int port) throws Exception {
    Seen told = next();
    assertEquals(new InetSocketAddress(InetAddress.ofLiteral(client), 51_512), told.remote());
    assertEquals(new InetSocketAddress(InetAddress.ofLiteral(destination), port), told.local());
  }

  /** nginx writes the client's address beside its own, of whichever family that is. */
  @Test
  void x1OfNginxThatHasTheClientFromAnotherProxyIsTaken() throws Exception {
    Machine.needsIpv6();
    Nginx.needed();
    int port6 = Ports.unused();
    String servers =
        """
        server {
          listen ADDRESS:1001 proxy_protocol;
          listen [::1]:%d proxy_protocol;
          listen unix:FOLDER/front.sock proxy_protocol;
          set_real_ip_from 127.0.0.0/8;
          set_real_ip_from ::1;
          set_real_ip_from unix:;
          proxy_pass 127.0.0.1:%d;
          proxy_protocol on;
        }
        """;
    try (Server server = startBehindAProxy();
        Nginx nginx = Nginx.start(folder, servers.formatted(port6, server.port()))) {
      for (String client : new String[] {CLIENT_4, CLIENT_6}) {
        try (var front = new Client(nginx.connect(1001))) {
          front.send(header(client));
          front.exchange("hello");
          assertTold(client, nginx.address(), 1001);
        }
        try (var front = new Client(nginx.connect(InetAddress.ofLiteral("::1"), port6))) {
          front.send(header(client));
          front.exchange("hello");
          assertTold(client, "::1", port6);
        }
        try (UnixClient front = UnixClient.connect(folder.resolve("front.sock"))) {
          front.send(header(client)).exchange("hello");
          assertTold(client, client.equals(CLIENT_4) ? "0.0.0.0" : "::", 0);
        }
      }
    }
  }

  private static ProxyHeader headerFor(Version version, Connection connection) {
    return switch (version) {
      case V1 -> ProxyHeader.v1(connection.remoteAddress(), connection.localAddress());
      case V2 -> Relay.headerFor(connection);
    };
  }

  /** A relay between a client on a Unix-domain socket and a target. */
  private Server startRelay(Path front, Version version, String address, int port)
      throws Exception {
    Handler relay =
        connection -> {
          Connector target = Connector.tcp(address, port);
          try (Connection upstream = target.proxyHeader(headerFor(version, connection)).connect()) {
            Relay.between(connection, upstream);
          }
        };
    return start(Listen.unix(front), relay);
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void x8ThatARelaySendsForAClientOfAUnixDomainSocketIsTakenByHaproxy(Version version)
      throws Exception {
    Machine.needs("haproxy");
    Path front = folder.resolve("front.sock");
    String listens =
        """
        listen target
          bind ADDRESS:1008 accept-proxy
          mode http
          http-request return status 200 content-type text/plain lf-string "for %[src]"
        """;
    try (Haproxy haproxy = Haproxy.start(folder, listens)) {
      haproxy.connect(1008).close();
      try (Server _ = startRelay(front, version, haproxy.address(), 1008);
          UnixClient client = UnixClient.connect(front)) {
        client.send("GET / HTTP/1.0\r\n\r\n");
        String reply = client.receiveAll();
        assertEquals("for 127.0.0.1", reply.substring(reply.indexOf("\r\n\r\n") + 4));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void x8ThatARelaySendsForAClientOfAUnixDomainSocketIsTakenByNginx(Version version)
      throws Exception {
    Nginx.needed();
    Path front = folder.resolve("front.sock");
    String servers =
        """
        server {
          listen ADDRESS:1002 proxy_protocol;
          return "for $remote_addr, told by '$proxy_protocol_addr'";
        }
        """;
    try (Nginx nginx = Nginx.start(folder, servers)) {
      nginx.connect(1002).close();
      try (Server _ = startRelay(front, version, nginx.address(), 1002);
          UnixClient client = UnixClient.connect(front)) {
        assertEquals("for 127.0.0.1, told by ''", client.receiveAll());
      }
    }
  }
}
