package io.plainweave.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.client.Relay;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.UnixClient;
import io.plainweave.proxyprotocol.ProxiedTls;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.ProxyHeader.Version;
import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.proxyprotocol.Tlv;
import io.plainweave.server.Server;
import io.plainweave.tls.CertificateAuthority;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Table X: the PROXY header, with HAProxy and curl")
class ProxyFaultsTest extends ProxyFaults {
  private static void exchange(Socket socket, String text) throws Exception {
    new Client(socket).exchange(text);
  }

  @ParameterizedTest
  @CsvSource({
    "send-proxy, V1, false",
    "send-proxy-v2, V2, false",
    "send-proxy-v2 proxy-v2-options crc32c, V2, true"
  })
  void x5OfHaproxyComesWithTheClientsBytesAndTellsItsAddresses(
      String options, Version version, boolean checksum) throws Exception {
    Machine.needs("haproxy");
    try (Server server = startBehindAProxy();
        Haproxy haproxy =
            Haproxy.start(
                folder,
                "listen front\n  bind ADDRESS:1001\n  server s 127.0.0.1:%d %s\n"
                    .formatted(server.port(), options));
        Socket client = haproxy.connect(1001)) {
      exchange(client, "hello");

      Seen told = next();
      ProxyHeader header = told.header().orElseThrow();
      assertEquals(version, header.version());
      assertEquals(checksum, header.checksum());
      assertEquals(client.getLocalSocketAddress(), told.remote());
      assertEquals(client.getRemoteSocketAddress(), told.local());
    }
  }

  @Test
  void x5OfHaproxyTellsOfTlsAndOfItsClientsCertificate() throws Exception {
    Machine.needs("haproxy", "openssl");
    var authority = CertificateAuthority.in(folder, "authority");
    authority.issue("front.example");
    authority.issue("client.example");
    Files.writeString(
        folder.resolve("front.pem"),
        Files.readString(authority.chain("front.example"))
            + Files.readString(authority.key("front.example")));
    String listens =
        """
        listen front
          bind ADDRESS:1002 ssl crt FOLDER/front.pem alpn h2 ca-file FOLDER/authority.pem verify required
          unique-id-format id-%%pid
          server s 127.0.0.1:%d send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id,authority,cert-cn,cert-key,cert-sig,ssl-cipher
        """;
    try (Server server = startBehindAProxy();
        Haproxy haproxy = Haproxy.start(folder, listens.formatted(server.port()))) {
      haproxy.connect(1002).close();
      String command =
          "echo hello | openssl s_client -quiet -no_ign_eof -connect %s:1002 -servername a.example -alpn h2 -cert %s -key %s"
              .formatted(
                  haproxy.address(),
                  authority.chain("client.example"),
                  authority.key("client.example"));
      Machine.run("sh", "-c", command);

      ProxyHeader header = next().header().orElseThrow();
      assertEquals(Optional.of("h2"), header.alpn());
      assertEquals(Optional.of("a.example"), header.authority());
      assertEquals("id-", new String(header.uniqueId().orElseThrow(), US_ASCII).substring(0, 3));
      ProxiedTls tls = header.tls().orElseThrow();
      assertEquals(Optional.of("TLSv1.3"), tls.version());
      assertEquals(Optional.of("client.example"), tls.commonName());
      assertEquals(Optional.of("TLS_AES_256_GCM_SHA384"), tls.cipher());
      assertEquals(Optional.of("EC256"), tls.keyAlgorithm());
      assertEquals(Optional.of("ecdsa-with-SHA256"), tls.signatureAlgorithm());
      assertEquals(true, tls.isClientVerified());
      assertEquals(true, header.checksum());
    }
  }

  @Test
  void x4OfAClientOnAUnixDomainSocketIsTheProxysOwn() throws Exception {
    Machine.needs("haproxy");
    try (Server server = startBehindAProxy();
        Haproxy haproxy =
            Haproxy.start(
                folder,
                """
                listen front
                  bind ADDRESS:1003
                  bind unix@FOLDER/front.sock
                  server s 127.0.0.1:%d send-proxy-v2
                """
                    .formatted(server.port()))) {
      haproxy.connect(1003).close();
      // It has another name until HAProxy has bound everything.
      Path front = folder.resolve("front.sock");
      await().until(() -> Files.exists(front));
      try (UnixClient client = UnixClient.connect(front)) {
        client.exchange("hello");
        await()
            .untilAsserted(() -> assertEquals(Optional.of(ProxyHeader.local()), next().header()));
      }
    }
  }

  @Test
  void x4OfAHealthCheckIsTheProxysOwnAndOneWithoutAByteIsNoFault() throws Exception {
    Machine.needs("haproxy");
    try (Server server = startBehindAProxy();
        Haproxy _ =
            Haproxy.start(
                folder,
                """
                listen front
                  bind ADDRESS:1004
                  server s 127.0.0.1:%1$d send-proxy-v2 check check-send-proxy inter 200ms
                listen silent
                  bind ADDRESS:1005
                  server s 127.0.0.1:%1$d send-proxy-v2 check inter 200ms
                """
                    .formatted(server.port()))) {
      assertEquals(Optional.of(ProxyHeader.local()), next().header());
      // Both checks close with a reset as soon as they know that somebody listens.
      for (int i = 0; i < 6; i++) {
        CloseReason reason = closed.poll(10, TimeUnit.SECONDS);
        assertNotNull(reason, "a check has ended");
        assertEquals(true, reason.isExpected(), reason::toString);
        assertEquals(false, reason instanceof CloseReason.Malformed, reason::toString);
      }
    }
  }

  private static void answerHttp(Connection connection) throws Exception {
    byte[] request = new byte[4096];
    connection.readUntil((byte) '\n', request, 0, request.length);
    String told = connection.remoteAddress() + " " + connection.localAddress();
    String reply = "HTTP/1.0 200 OK\r\n\r\n" + told;
    connection.output().write(reply.getBytes(US_ASCII));
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1, 127.0.0.1", "::1, [::1]"})
  void x1OfCurlIsTaken(String host, String inUrl) throws Exception {
    if (host.contains(":")) {
      Machine.needsIpv6();
    }
    Machine.needs("curl");
    try (Server server =
        start(
            Listen.tcp(host, 0).proxyProtocol(ProxyProtocol.required()),
            ProxyFaultsTest::answerHttp)) {
      String url = "http://%s:%d/".formatted(inUrl, server.port());
      String[] told =
          Machine.run("curl", "-sS", "--noproxy", "*", "--haproxy-protocol", url).split(" ");
      String address = "/" + InetAddress.ofLiteral(host).getHostAddress() + ":";
      String bracketed = host.equals("::1") ? "/[0:0:0:0:0:0:0:1]:" : address;
      assertEquals(bracketed, told[0].substring(0, bracketed.length()));
      assertEquals(bracketed + server.port(), told[1]);
      assertInstanceOf(CloseReason.Finished.class, closed.poll(10, TimeUnit.SECONDS));
    }
  }

  /** The header that is sent is right if HAProxy takes it for what was meant. */
  @ParameterizedTest
  @EnumSource(Version.class)
  void isUnderstoodByHaproxyWhereARelaySendsIt(Version version) throws Exception {
    Machine.needs("haproxy");
    String listens =
        """
        listen target
          bind ADDRESS:1006 accept-proxy
          mode http
          http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port] %[fc_pp_authority] %[fc_pp_unique_id]"
        """;
    try (Haproxy haproxy = Haproxy.start(folder, listens)) {
      haproxy.connect(1006).close();
      Handler relay =
          connection -> {
            Connector target = Connector.tcp(haproxy.address(), 1006);
            try (Connection upstream = target.proxyHeader(header(version, connection)).connect()) {
              Relay.between(connection, upstream);
            }
          };
      try (Server server = start(Listen.tcp("127.0.0.1", 0), relay);
          Client client = Client.connect(server)) {
        client.send("GET / HTTP/1.0\r\n\r\n");
        String reply = client.receiveAll();
        assertEquals(
            describe(client.socket().getLocalSocketAddress())
                + " "
                + describe(client.socket().getRemoteSocketAddress())
                + (version == Version.V1 ? "  " : " a.example id-1"),
            reply.substring(reply.indexOf("\r\n\r\n") + 4));
      }
    }
  }

  /** HAProxy sends its header and the beginning of the handshake in one segment. */
  @Test
  void x5OfHaproxyComesWithTheBeginningOfTls() throws Exception {
    Machine.needs("haproxy", "openssl");
    var authority = CertificateAuthority.in(folder, "authority");
    ServerTls tls = ServerTls.builder().identity(authority.issue("front.example")).build();
    Listen behindProxy =
        Listen.tcp("127.0.0.1", 0).tls(tls).proxyProtocol(ProxyProtocol.required());
    String listens = "listen front\n  bind ADDRESS:1007\n  server s 127.0.0.1:%d send-proxy-v2\n";
    Handler greeting =
        connection -> {
          note(connection);
          connection.output().write("hello".getBytes(US_ASCII));
        };
    try (Server server = start(behindProxy, greeting);
        Haproxy haproxy = Haproxy.start(folder, listens.formatted(server.port()))) {
      haproxy.connect(1007).close();
      String command = "openssl s_client -quiet -connect %s:1007 2>/dev/null";
      assertEquals("hello", Machine.run("sh", "-c", command.formatted(haproxy.address())));
      assertEquals(Version.V2, next().header().orElseThrow().version());
    }
  }

  /** What is told in plain comes before TLS, in whichever order it was asked for. */
  @Test
  void isSentBeforeTls() throws Exception {
    Machine.needs("openssl");
    var authority = CertificateAuthority.in(folder, "authority");
    ServerTls tls =
        ServerTls.builder().identity(authority.issue("localhost", "DNS:localhost")).build();
    ClientTls trusting = ClientTls.builder().trust(authority.certificate()).build();
    Listen behindProxy =
        Listen.tcp("localhost", 0).proxyProtocol(ProxyProtocol.required()).tls(tls);
    try (Server target = start(behindProxy, this::echo);
        Server relay =
            start(
                Listen.tcp("127.0.0.1", 0),
                connection -> {
                  ProxyHeader header = Relay.headerFor(connection);
                  Connector connector =
                      Connector.tcp("localhost", target.port()).tls(trusting).proxyHeader(header);
                  try (Connection upstream = connector.connect()) {
                    Relay.between(connection, upstream);
                  }
                });
        Client client = Client.connect(relay)) {
      client.exchange("hello");
      assertEquals(client.socket().getLocalSocketAddress(), next().remote());
    }
  }

  @Test
  void tellsOfTlsAndWhetherTheClientHasACertificate() throws Exception {
    Machine.needs("openssl");
    var authority = CertificateAuthority.in(folder, "authority");
    ServerTls tls =
        ServerTls.builder()
            .identity(authority.issue("front.example"))
            .wantClientCertificate(authority.certificate())
            .applicationProtocols("h2")
            .build();
    authority.issue("client.example");
    String certificate =
        " -cert %s -key %s"
            .formatted(authority.chain("client.example"), authority.key("client.example"));
    try (Server target = startBehindAProxy();
        Server relay =
            start(
                Listen.tcp("127.0.0.1", 0).tls(tls),
                connection -> {
                  ProxyHeader header = Relay.headerFor(connection);
                  Connector connector = Connector.tcp("127.0.0.1", target.port());
                  try (Connection upstream = connector.proxyHeader(header).connect()) {
                    Relay.between(connection, upstream);
                  }
                })) {
      String command =
          "echo hello | openssl s_client -quiet -no_ign_eof -servername a.example -alpn h2 -connect 127.0.0.1:"
              + relay.port();
      for (boolean verified : new boolean[] {true, false}) {
        Machine.run("sh", "-c", verified ? command + certificate : command);
        ProxyHeader header = next().header().orElseThrow();
        assertEquals(Optional.of("h2"), header.alpn());
        assertEquals(Optional.of("a.example"), header.authority());
        ProxiedTls proxied = header.tls().orElseThrow();
        assertEquals(Optional.of("TLSv1.3"), proxied.version());
        assertEquals(Optional.of("TLS_AES_256_GCM_SHA384"), proxied.cipher());
        assertEquals(verified, proxied.isClientVerified());
      }
    }
  }

  private static ProxyHeader header(Version version, Connection connection) {
    return switch (version) {
      case V1 -> ProxyHeader.v1(connection.remoteAddress(), connection.localAddress());
      case V2 ->
          Relay.headerFor(connection)
              .with(
                  Tlv.of(Tlv.AUTHORITY, "a.example"),
                  Tlv.of(Tlv.UNIQUE_ID, "id-1"),
                  new Tlv(Tlv.NOOP, new byte[9]),
                  new ProxiedTls(
                          ProxiedTls.CLIENT_SSL, 1, List.of(Tlv.of(Tlv.SSL_VERSION, "TLSv1.3")))
                      .toTlv())
              .checksum(true);
    };
  }

  private static String describe(SocketAddress address) {
    var inet = (InetSocketAddress) address;
    return inet.getAddress().getHostAddress() + ":" + inet.getPort();
  }
}
