package io.plainweave.proxyprotocol;

import static io.plainweave.proxyprotocol.Headers.at;
import static io.plainweave.proxyprotocol.Headers.hex;
import static io.plainweave.proxyprotocol.Headers.v1;
import static io.plainweave.proxyprotocol.Headers.v2;
import static io.plainweave.proxyprotocol.Headers.v2WithTlvs;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.proxyprotocol.ProxyHeader.Command;
import io.plainweave.proxyprotocol.ProxyHeader.Endpoints;
import io.plainweave.proxyprotocol.ProxyHeader.SocketType;
import io.plainweave.proxyprotocol.ProxyHeader.Version;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A PROXY header")
@Timeout(30)
class ProxyHeaderTest {
  private static ProxyHeader read(byte[] bytes) throws IOException {
    ProxyHeader header = ProxyHeader.read(new Pieces(bytes), Headers.MOST);
    assertTrue(header != null, "there was one");
    return header;
  }

  private static ProxyHeader unspecified(Version version) {
    return new ProxyHeader(version, Command.PROXY, null, List.of(), false);
  }

  @ParameterizedTest
  @CsvSource({
    "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443, 192.168.0.1, 192.168.0.11, 56324, 443",
    "PROXY TCP4 255.255.255.255 0.0.0.0 65535 0, 255.255.255.255, 0.0.0.0, 65535, 0",
    "PROXY TCP6 2001:db8::1 ::1 1 65535, 2001:db8::1, ::1, 1, 65535",
    "PROXY TCP6 :: FE80::ABcd 1 2, ::, fe80::abcd, 1, 2",
    "PROXY TCP6 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: 1 2, 1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:0, 1, 2",
    "PROXY TCP6 ::ffff:10.0.0.1 ::ffff:10.0.0.2 1 2, 10.0.0.1, 10.0.0.2, 1, 2",
    "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::1 1 2,"
        + "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ::1, 1, 2",
  })
  void ofVersion1TellsTheTwoEnds(
      String line, String source, String destination, int sourcePort, int destinationPort)
      throws Exception {
    ProxyHeader header = read(v1(line + "\r\n"));

    assertEquals(ProxyHeader.v1(at(source, sourcePort), at(destination, destinationPort)), header);
    assertEquals(Optional.of(at(source, sourcePort)), header.source());
    assertEquals(Optional.of(at(destination, destinationPort)), header.destination());
  }

  /** As they were seen on the wire: nginx with its module realip, then stunnel and hitch. */
  @ParameterizedTest
  @CsvSource({
    "TCP6 2001:db8::1 127.0.0.1 51512 7662, 2001:db8::1, 127.0.0.1, 7662",
    "TCP4 1.2.3.4 ::1 51512 7662, 1.2.3.4, ::1, 7662",
    "TCP4 1.2.3.4 ::ffff:127.0.0.1 51512 7662, 1.2.3.4, 127.0.0.1, 7662",
    "TCP6 ::ffff:1.2.3.4 127.0.0.1 51512 7662, 1.2.3.4, 127.0.0.1, 7662",
    "TCP4 1.2.3.4 unix:/run/front.sock 51512 0, 1.2.3.4, 0.0.0.0, 0",
    "TCP6 2001:db8::1 unix:/run/front.sock 51512 0, 2001:db8::1, ::, 0",
    "TCP6 fe80::1%eth0 fe80::2%no-such-link 51512 7662, fe80::1, fe80::2, 7662",
    "TCP4 2001:db8::1 ::1 51512 7662, 2001:db8::1, ::1, 7662",
    "TCP6 1.2.3.4 5.6.7.8 51512 7662, 1.2.3.4, 5.6.7.8, 7662",
  })
  void ofVersion1TellsTheTwoEndsAsRealProxiesWriteThem(
      String line, String source, String destination, int port) throws Exception {
    ProxyHeader header = read(v1("PROXY " + line + "\r\n"));

    assertEquals(Optional.of(at(source, 51_512)), header.source());
    assertEquals(Optional.of(at(destination, port)), header.destination());
    assertEquals(header, read(header.toBytes()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY UNKNOWN",
        "PROXY UNKNOWN ",
        "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
            + " ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
        "PROXY UNKNOWN any thing \u00ff\u0000 at all"
      })
  void ofVersion1MayTellNothing(String line) throws Exception {
    ProxyHeader header = read(v1(line + "\r\n"));

    assertEquals(unspecified(Version.V1), header);
    assertEquals(Optional.empty(), header.source());
  }

  @ParameterizedTest
  @CsvSource({
    "21 11 000c 01020304 05060708 0001 ffff, STREAM, 1.2.3.4, 5.6.7.8, 1, 65535",
    "21 12 000c 01020304 05060708 0035 8000, DATAGRAM, 1.2.3.4, 5.6.7.8, 53, 32768",
    "21 21 0024 20010db8000000000000000000000001 00000000000000000000000000000001 0001 0002,"
        + " STREAM, 2001:db8::1, ::1, 1, 2",
    "21 22 0024 20010db8000000000000000000000001 00000000000000000000000000000001 0001 0002,"
        + " DATAGRAM, 2001:db8::1, ::1, 1, 2",
    "21 21 0024 00000000000000000000ffff01020304 00000000000000000000ffff05060708 0001 0002,"
        + " STREAM, 1.2.3.4, 5.6.7.8, 1, 2",
  })
  void ofVersion2TellsTheTwoEnds(
      String hex,
      SocketType type,
      String source,
      String destination,
      int sourcePort,
      int destinationPort)
      throws Exception {
    var endpoints = new Endpoints(type, at(source, sourcePort), at(destination, destinationPort));
    assertEquals(
        new ProxyHeader(Version.V2, Command.PROXY, endpoints, List.of(), false), read(v2(hex)));
  }

  @Test
  void ofVersion2TellsThePathsOfUnixDomainSockets() throws Exception {
    String path = "/run/app.sock";
    String padded = "2f72756e2f6170702e736f636b" + "00".repeat(108 - path.length());
    ProxyHeader header = read(v2("21 31 00d8", "00".repeat(108), padded));

    assertEquals(Optional.of(UnixDomainSocketAddress.of("")), header.source());
    assertEquals(Optional.of(UnixDomainSocketAddress.of(path)), header.destination());
  }

  @Test
  void takesAPathThatFillsItsFieldAndTheNameOfASocketWithoutOne() throws Exception {
    ProxyHeader header = read(v2("21 32 00d8", "61".repeat(108), "00", "62".repeat(107)));

    assertEquals(Optional.of(UnixDomainSocketAddress.of("a".repeat(108))), header.source());
    assertEquals(Optional.of(UnixDomainSocketAddress.of("")), header.destination());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"20 00 0000", "20 11 000c 7f000001 7f000001 002a 0539", "20 ff 0003 010203"})
  void ofTheProxyItselfIsTakenWhateverElseIsInIt(String hex) throws Exception {
    assertEquals(ProxyHeader.local(), read(v2(hex)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"21 00 0000", "21 00 0003 010203", "21 01 0001 ff", "21 10 0000"})
  void ofVersion2MayTellNothing(String hex) throws Exception {
    assertEquals(unspecified(Version.V2), read(v2(hex)));
  }

  @Test
  void isNoneWhereTheStreamEndsBeforeIt() throws Exception {
    assertNull(ProxyHeader.read(new Pieces(), Headers.MOST));
  }

  @Test
  void tellsWhatItsTlvsSay() throws Exception {
    ProxyHeader header =
        read(
            v2WithTlvs(
                "01 0002 6832",
                "02 0005 612e6f7267",
                "04 0000",
                "05 0003 00ff10",
                "30 0004 626c7565",
                "ea 0001 07"));

    assertEquals(Optional.of("h2"), header.alpn());
    assertEquals(Optional.of("a.org"), header.authority());
    assertArrayEquals(new byte[] {0, -1, 16}, header.uniqueId().orElseThrow());
    assertEquals(Optional.of("blue"), header.networkNamespace());
    assertEquals(Optional.empty(), header.tls());
    assertFalse(header.checksum());
    assertEquals(
        List.of(Tlv.ALPN, Tlv.AUTHORITY, Tlv.NOOP, Tlv.UNIQUE_ID, Tlv.NETNS, 0xEA),
        header.tlvs().stream().map(Tlv::type).toList());
    assertEquals(new Tlv(0xEA, new byte[] {7}), header.tlvs().getLast());
  }

  @Test
  void tellsTheFirstOfSeveralTlvsOfOneType() throws Exception {
    assertEquals(Optional.of("a"), read(v2WithTlvs("02 0001 61 02 0001 62")).authority());
  }

  @Test
  void tellsOfTlsBetweenClientAndProxy() throws Exception {
    byte[] version = "TLSv1.3".getBytes(US_ASCII);
    ProxyHeader header =
        read(
            v2WithTlvs(
                "20 0029 03 00000000",
                "21 0007 544c5376312e33",
                "22 0001 62",
                "23 0003 414553",
                "24 0004 52534132",
                "25 0006 525341323034"));
    ProxiedTls tls = header.tls().orElseThrow();

    assertArrayEquals(version, tls.version().orElseThrow().getBytes(US_ASCII));
    assertEquals(Optional.of("b"), tls.commonName());
    assertEquals(Optional.of("AES"), tls.cipher());
    assertEquals(Optional.of("RSA2"), tls.signatureAlgorithm());
    assertEquals(Optional.of("RSA204"), tls.keyAlgorithm());
    assertTrue(tls.isClientVerified());
    assertEquals(header.tlvs().getFirst(), tls.toTlv());
  }

  @Test
  void tellsNoClientVerifiedWhoseCertificateIsMissingOrWrong() {
    assertFalse(new ProxiedTls(ProxiedTls.CLIENT_SSL, 0, List.of()).isClientVerified());
    int shown = ProxiedTls.CLIENT_SSL | ProxiedTls.CLIENT_CERT_CONN;
    assertFalse(new ProxiedTls(shown, 18, List.of()).isClientVerified());
    assertTrue(new ProxiedTls(shown, 0, List.of()).isClientVerified());
  }

  @Test
  void bearsAChecksumThatIsVerified() throws Exception {
    // Computed by the definition in RFC 4960, appendix B, with another program.
    byte[] bytes = v2WithTlvs("03 0004 d8c8921c", "02 0005 612e6f7267");
    ProxyHeader header = read(bytes);

    assertTrue(header.checksum());
    assertEquals(List.of(Tlv.of(Tlv.AUTHORITY, "a.org")), header.tlvs());
  }

  @Test
  void isWrittenAsItsVersionSays() {
    assertArrayEquals(
        v1("PROXY TCP4 127.0.0.1 127.0.0.2 42 1337\r\n"),
        ProxyHeader.v1(at("127.0.0.1", 42), at("127.0.0.2", 1337)).toBytes());
    assertArrayEquals(
        v1("PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:ffff:102:304 42 1337\r\n"),
        ProxyHeader.v1(at("2001:db8::1", 42), at("1.2.3.4", 1337)).toBytes());
    assertArrayEquals(v1("PROXY UNKNOWN\r\n"), unspecified(Version.V1).toBytes());
    assertArrayEquals(v2("20 00 0000"), ProxyHeader.local().toBytes());
    assertArrayEquals(v2("21 00 0000"), unspecified(Version.V2).toBytes());
    assertArrayEquals(
        v2WithTlvs("02 0005 612e6f7267"),
        ProxyHeader.v2(at("127.0.0.1", 42), at("127.0.0.1", 1337))
            .with(Tlv.of(Tlv.AUTHORITY, "a.org"))
            .toBytes());
    assertArrayEquals(
        v2(
            "21 21 0024 20010db8000000000000000000000001 00000000000000000000ffff01020304 002a 0539"),
        ProxyHeader.v2(at("2001:db8::1", 42), at("1.2.3.4", 1337)).toBytes());
  }

  @Test
  void ofVersion1IsUnknownForASocketThatIsNotTcp() {
    var path = UnixDomainSocketAddress.of("/run/app.sock");
    assertEquals(unspecified(Version.V1), ProxyHeader.v1(path, path));
  }

  @Test
  void staysAsItIsWhereNobodyReadsWhatIsAdded() {
    ProxyHeader local = ProxyHeader.local();
    assertEquals(local, local.with(Tlv.of(Tlv.AUTHORITY, "a.org")).checksum(true));
  }

  @Test
  void leavesOutTheZoneOfAnAddress() throws Exception {
    InetSocketAddress withZone =
        new InetSocketAddress(
            Inet6Address.getByAddress(null, hex("fe80000000000000", "00".repeat(7), "01"), 1), 42);
    assertArrayEquals(
        v1("PROXY TCP6 fe80:0:0:0:0:0:0:1 0:0:0:0:0:0:0:1 42 1\r\n"),
        ProxyHeader.v1(withZone, at("::1", 1)).toBytes());
  }

  @Test
  void isNotMadeOfWhatCannotBeWritten() {
    SocketAddress ip = at("127.0.0.1", 1);
    SocketAddress path = UnixDomainSocketAddress.of("/run/app.sock");
    refused(() -> ProxyHeader.v2(ip, path));
    refused(() -> ProxyHeader.v2(ip, InetSocketAddress.createUnresolved("a.org", 1)));
    refused(() -> ProxyHeader.v2(UnixDomainSocketAddress.of("a".repeat(109)), path));
    refused(() -> ProxyHeader.v1(ip, ip).with(Tlv.of(Tlv.AUTHORITY, "a.org")));
    refused(() -> ProxyHeader.v1(ip, ip).checksum(true));
    refused(() -> unspecified(Version.V1).with(Tlv.of(Tlv.AUTHORITY, "a.org")));
    refused(() -> ProxyHeader.v2(ip, ip).with(new Tlv(Tlv.CRC32C, new byte[4])));
    refused(() -> ProxyHeader.v2(ip, ip).with(Tlv.of(Tlv.AUTHORITY, "a\0b")));
    refused(() -> ProxyHeader.v2(ip, ip).with(new Tlv(Tlv.UNIQUE_ID, new byte[129])));
    refused(() -> ProxyHeader.v2(ip, ip).with(new Tlv(Tlv.SSL, new byte[4])));
    refused(() -> ProxyHeader.v2(ip, ip).with(new Tlv(Tlv.NOOP, new byte[0xFFFF])));
    refused(() -> new Tlv(256, new byte[0]));
    refused(() -> new Tlv(0, new byte[0x10000]));
    refused(() -> new ProxiedTls(256, 0, List.of()));
  }

  private static void refused(Runnable call) {
    assertThrows(IllegalArgumentException.class, call::run);
  }
}
