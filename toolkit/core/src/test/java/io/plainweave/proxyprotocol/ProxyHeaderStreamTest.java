package io.plainweave.proxyprotocol;

import static io.plainweave.proxyprotocol.Headers.at;
import static io.plainweave.proxyprotocol.Headers.join;
import static io.plainweave.proxyprotocol.Headers.v1;
import static io.plainweave.proxyprotocol.Headers.v2;
import static io.plainweave.proxyprotocol.Headers.v2WithTlvs;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.proxyprotocol.ProxyHeader.Command;
import io.plainweave.proxyprotocol.ProxyHeader.Endpoints;
import io.plainweave.proxyprotocol.ProxyHeader.SocketType;
import io.plainweave.proxyprotocol.ProxyHeader.Version;
import java.io.EOFException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Row X5 of the faults. */
@DisplayName("A PROXY header in a stream")
@Timeout(30)
class ProxyHeaderStreamTest {
  private static final byte[] PAYLOAD = "PROXY TCP4 hello\r\n\r\n".getBytes(US_ASCII);

  static Stream<byte[]> headers() {
    return Stream.of(
        v1("PROXY UNKNOWN\r\n"),
        v1("PROXY UNKNOWN " + "x".repeat(91) + "\r\n"),
        v1("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"),
        v1("PROXY TCP6 2001:db8::1 ::1 56324 443\r\n"),
        v2("20 00 0000"),
        v2("20 11 0003 010203"),
        v2("21 11 000c 01020304 05060708 0001 ffff"),
        v2WithTlvs("01 0002 6832 02 0005 612e6f7267 05 0003 00ff10 04 0000"),
        ProxyHeader.v2(at("::1", 1), at("::2", 2)).checksum(true).toBytes());
  }

  @ParameterizedTest
  @MethodSource("headers")
  void isReadWhereverItIsSplitAndNoByteBehindIt(byte[] bytes) throws Exception {
    ProxyHeader whole = ProxyHeader.read(new Pieces(bytes), Headers.MOST);
    byte[] sent = join(bytes, PAYLOAD);
    for (int i = 0; i <= sent.length; i++) {
      byte[] head = Arrays.copyOf(sent, i);
      byte[] tail = Arrays.copyOfRange(sent, i, sent.length);
      assertWholeAndPayload(whole, new Pieces(head, tail), "split at " + i);
    }
    assertWholeAndPayload(whole, Pieces.ofOneByteEach(sent), "every byte alone");
  }

  private static void assertWholeAndPayload(ProxyHeader whole, Pieces in, String how)
      throws Exception {
    assertEquals(whole, ProxyHeader.read(in, Headers.MOST), how);
    assertArrayEquals(PAYLOAD, in.readAllBytes(), how);
  }

  @ParameterizedTest
  @MethodSource("headers")
  void isTruncatedWhereTheStreamEndsWithinIt(byte[] bytes) {
    for (int i = 1; i < bytes.length; i++) {
      var in = new Pieces(Arrays.copyOf(bytes, i));
      assertThrows(EOFException.class, () -> ProxyHeader.read(in, Headers.MOST), "end at " + i);
    }
  }

  @Test
  void isReadAsItWasWritten() throws Exception {
    var random = new Random(20_260_101);
    for (int i = 0; i < 5_000; i++) {
      ProxyHeader written = randomHeader(random);
      var in = new Pieces(join(written.toBytes(), PAYLOAD));
      assertEquals(written, ProxyHeader.read(in, 16 + 0xFFFF));
      assertArrayEquals(PAYLOAD, in.readAllBytes());
    }
  }

  /** Nothing but a header or a refusal may come of it. */
  @Test
  void isReadOrRefusedWhateverItsBytesAre() throws Exception {
    var random = new Random(20_260_102);
    int read = 0;
    for (int i = 0; i < 10_000; i++) {
      byte[] bytes = randomHeader(random).toBytes();
      for (int flips = random.nextInt(4); flips > 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        ProxyHeader.read(new Pieces(bytes), 1024);
        read++;
      } catch (ProtocolException | EOFException refused) {
        assertEquals(-1, refused.getMessage().indexOf('\n'));
      }
    }
    assertTrue(read > 2_000 && read < 9_000, () -> "a mix of both");
  }

  private static ProxyHeader randomHeader(Random random) throws UnknownHostException {
    return switch (random.nextInt(8)) {
      case 0 -> ProxyHeader.local();
      case 1 -> new ProxyHeader(Version.V2, Command.PROXY, null, List.of(), false);
      case 2 -> new ProxyHeader(Version.V1, Command.PROXY, null, List.of(), false);
      case 3, 4 -> ProxyHeader.v1(randomAddress(random), randomAddress(random));
      default -> randomVersion2(random);
    };
  }

  private static ProxyHeader randomVersion2(Random random) throws UnknownHostException {
    var type = random.nextBoolean() ? SocketType.STREAM : SocketType.DATAGRAM;
    boolean inet = random.nextInt(4) > 0;
    SocketAddress source = inet ? randomAddress(random) : randomPath(random);
    SocketAddress destination = inet ? randomAddress(random) : randomPath(random);
    List<Tlv> tlvs = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      tlvs.add(randomTlv(random));
    }
    return new ProxyHeader(
        Version.V2,
        Command.PROXY,
        new Endpoints(type, source, destination),
        tlvs,
        random.nextBoolean());
  }

  private static SocketAddress randomAddress(Random random) throws UnknownHostException {
    byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
    random.nextBytes(bytes);
    return new InetSocketAddress(InetAddress.getByAddress(bytes), random.nextInt(0x10000));
  }

  private static SocketAddress randomPath(Random random) {
    return UnixDomainSocketAddress.of("p".repeat(random.nextInt(109)));
  }

  private static Tlv randomTlv(Random random) {
    byte[] value = new byte[random.nextInt(100)];
    random.nextBytes(value);
    return switch (random.nextInt(4)) {
      case 0 -> Tlv.of(Tlv.AUTHORITY, "h\u00f6st-" + random.nextInt());
      case 1 ->
          new ProxiedTls(random.nextInt(256), random.nextInt(), List.of(new Tlv(0x99, value)))
              .toTlv();
      default -> new Tlv(0xE0 + random.nextInt(16), value);
    };
  }
}
