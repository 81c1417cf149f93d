package io.plainweave.proxyprotocol;

import static io.plainweave.proxyprotocol.Headers.ADDRESSES;
import static io.plainweave.proxyprotocol.Headers.join;
import static io.plainweave.proxyprotocol.Headers.v1;
import static io.plainweave.proxyprotocol.Headers.v2;
import static io.plainweave.proxyprotocol.Headers.v2WithTlvs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.net.ProtocolException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows X2, X3 and X7 of the faults. */
@DisplayName("A PROXY header is refused")
@Timeout(30)
class MalformedProxyHeaderTest {
  private static String refused(byte[] bytes) {
    for (Pieces in : new Pieces[] {new Pieces(bytes), Pieces.ofOneByteEach(bytes)}) {
      var e = assertThrows(ProtocolException.class, () -> ProxyHeader.read(in, Headers.MOST));
      String message = e.getMessage();
      assertTrue(message.chars().allMatch(c -> c >= ' ' && c <= '~'), message);
    }
    return assertThrows(
            ProtocolException.class, () -> ProxyHeader.read(new Pieces(bytes), Headers.MOST))
        .getMessage();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 127.0.0.1 127.0.0.1 042 1337",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 65536",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 99999999999999999999",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 -1",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 +1",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 0x1",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 ",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 1337 ",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 1337 1",
        "PROXY TCP4 127.0.0.1  127.0.0.1 42 1337",
        "PROXY  TCP4 127.0.0.1 127.0.0.1 42 1337",
        "PROXY\tTCP4 127.0.0.1 127.0.0.1 42 1337",
        "PROXY TCP4\t127.0.0.1 127.0.0.1 42 1337",
        " PROXY TCP4 127.0.0.1 127.0.0.1 42 1337",
        "PROXY TCP4 127.0.0.01 127.0.0.1 42 1337",
        "PROXY TCP4 127.0.0.256 127.0.0.1 42 1337",
        "PROXY TCP4 127.0.1 127.0.0.1 42 1337",
        "PROXY TCP4 127.0.0.1.1 127.0.0.1 42 1337",
        "PROXY TCP4 2130706433 127.0.0.1 42 1337",
        "PROXY TCP4 0x7f.0.0.1 127.0.0.1 42 1337",
        "PROXY TCP4 localhost 127.0.0.1 42 1337",
        "PROXY TCP6 1:2:3:4:5:6:7 ::1 42 1337",
        "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 42 1337",
        "PROXY TCP6 1:2:3:4:5:6:7:8:: ::1 42 1337",
        "PROXY TCP6 1::2::3 ::1 42 1337",
        "PROXY TCP6 ::12345 ::1 42 1337",
        "PROXY TCP6 ::00001 ::1 42 1337",
        "PROXY TCP6 :::1 ::1 42 1337",
        "PROXY TCP6 1: ::1 42 1337",
        "PROXY TCP6 :1:2:3:4:5:6:7 ::1 42 1337",
        "PROXY TCP6 : ::1 42 1337",
        "PROXY TCP6 ::g ::1 42 1337",
        "PROXY TCP6 [::1] ::1 42 1337",
        "PROXY TCP6 fe80::1% ::1 42 1337",
        "PROXY TCP6 fe80::1%eth\u00e9 ::1 42 1337",
        "PROXY TCP6 fe80::1%sixteen-letters_ ::1 42 1337",
        "PROXY TCP6 %lo ::1 42 1337",
        "PROXY TCP6 unix:/run/front.sock ::1 42 1337",
        "PROXY TCP6 ::1 unix:/run/front.sock 42",
        "PROXY TCP6 ::1 unix:/run/front.sock 42 x",
        "PROXY TCP6 ::1 /run/front.sock 42 0",
        "PROXY TCP6 ::ffff:1.2.3.04 ::1 42 1337",
        "PROXY TCP6 ::ffff:1.2.3 ::1 42 1337",
        "PROXY tcp4 127.0.0.1 127.0.0.1 42 1337",
        "PROXY TCP5 127.0.0.1 127.0.0.1 42 1337",
        "PROXY UDP4 127.0.0.1 127.0.0.1 42 1337",
        "PROXY UNKNOWNX",
        "PROXY unknown",
        "PROXY        ",
        "proxy TCP4 127.0.0.1 127.0.0.1 42 1337",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 1337\u0000",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 133\u0667",
        "GET / HTTP/1.1",
        "HELO example.org",
        "\u0016\u0003\u0001\u0000\u00ff client hello",
      })
  void whereALineIsNotOfVersion1(String line) {
    refused(v1(line + "\r\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 1337\n",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 1337\rG",
        "PROXY TCP4 127.0.0.1 127.0.0.1 42 1337\r\r\n",
        "PROXY UNKNOWN\n\r\n",
        "PROXY UNKNOWN a\rb\r\n",
        "PROXY UNKNOWN a\nb\r\n",
        "PROXY \r\nUNKNOWN\r\n",
        "PROXY\r\n     GET / HTTP/1.1\r\n",
      })
  void whereALineEndsInAnotherWay(String bytes) {
    refused(v1(bytes));
  }

  @Test
  void whereALineIsLongerThan107BytesAndNoMoreIsReadOfIt() throws Exception {
    String longest = "PROXY UNKNOWN " + "x".repeat(107 - 16);
    assertNotNull(ProxyHeader.read(new Pieces(v1(longest + "\r\n")), Headers.MOST));

    byte[] tooLong = v1(longest + "x\r\n");
    var in = new ByteArrayInputStream(tooLong);
    var e = assertThrows(ProtocolException.class, () -> ProxyHeader.read(in, Headers.MOST));
    assertTrue(e.getMessage().contains("longer than 107 bytes"), e.getMessage());
    assertEquals(tooLong.length - 107, in.available());
  }

  @ParameterizedTest
  @CsvSource({
    "11 11 000c, the version is 1",
    "31 11 000c, the version is 3",
    "01 11 000c, the version is 0",
    "22 11 000c, the command is 2",
    "2f 11 000c, the command is 15",
    "21 41 000c, the address family is 4",
    "21 f1 000c, the address family is 15",
    "21 40 000c, the address family is 4",
    "21 13 000c, the socket type is 3",
    "21 1f 000c, the socket type is 15",
    "21 03 000c, the socket type is 3",
  })
  void whereTheStartOfVersion2HasAnUnknownValue(String start, String why) {
    String message = refused(v2(start, ADDRESSES));
    assertTrue(message.contains(why), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"21 11 000b", "21 12 0000", "21 21 0023", "21 31 00d7"})
  void whereThereIsNoRoomForTheAddresses(String start) {
    String message = refused(v2(start, "00".repeat(300)));
    assertTrue(message.contains("bytes for addresses of"), message);
  }

  @Test
  void whereItIsLongerThanTheLimitBeforeItsRestIsRead() throws Exception {
    byte[] longest = v2("20 00 0ff0", "00".repeat(4080));
    assertNotNull(ProxyHeader.read(new Pieces(longest), Headers.MOST));

    for (String start : new String[] {"20 00 0ff1", "21 11 ffff"}) {
      String message = refused(v2(start));
      assertTrue(message.contains("the limit is 4096"), message);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "02 000a 3132333435, has 10 bytes",
    "02 0004 3132333435, behind the last TLV",
    "02 0005 3132333435 00, behind the last TLV",
    "02 0005 3132333435 0000, behind the last TLV",
    "02 ffff 3132333435, has 65535 bytes",
    "02 0000, the authority is no name",
    "02 0003 610062, the authority is no name",
    "02 0002 61ff, the authority is no name",
    "20 0004 01000000, has at least 5 bytes",
    "20 0009 0100000000 21 0002 61, has 2 bytes",
    "20 0007 0100000000 2100, behind the last TLV",
    "03 0003 000000, not one checksum",
    "03 0005 0000000000, not one checksum",
    "03 0004 00000000 03 0004 00000000, not one checksum",
  })
  void whereATlvIsNotWhatItsTypeSays(String tlvs, String why) {
    String message = refused(v2WithTlvs(tlvs));
    assertTrue(message.contains(why), message);
  }

  @Test
  void whereAUniqueIdIsLongerThan128Bytes() throws Exception {
    assertNotNull(
        ProxyHeader.read(new Pieces(v2WithTlvs("05 0080", "00".repeat(128))), Headers.MOST));
    refused(v2WithTlvs("05 0081", "00".repeat(129)));
  }

  @Test
  void whereAnyOfItsBitsIsFlippedUnderAChecksum() throws Exception {
    byte[] good =
        ProxyHeader.v2(Headers.at("127.0.0.1", 42), Headers.at("127.0.0.1", 1337))
            .with(Tlv.of(Tlv.AUTHORITY, "a.org"), new Tlv(0xEA, new byte[] {1, 2, 3}))
            .checksum(true)
            .toBytes();
    byte[] withPayload = join(good, new byte[70_000]);
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] flipped = withPayload.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      if (isWithoutAddresses(flipped) || isChecksumNoMore(good, bit)) {
        continue;
      }
      int at = bit;
      assertThrows(
          ProtocolException.class,
          () -> ProxyHeader.read(new Pieces(flipped), Headers.MOST),
          () -> "bit " + at);
    }
  }

  /** What tells no addresses is skipped, with its checksum. */
  private static boolean isWithoutAddresses(byte[] header) {
    return (header[12] & 0xF) == 0 || (header[13] & 0xF0) == 0 || (header[13] & 0xF) == 0;
  }

  /** The type of the checksum's TLV, which is the last: flipped, it is another fact. */
  private static boolean isChecksumNoMore(byte[] header, int bit) {
    return bit / 8 == header.length - 7;
  }

  @Test
  void withASentenceThatShowsItsBytes() {
    assertEquals(
        "what the peer has sent is no PROXY header: it begins neither like version 1 nor like"
            + " version 2: \"GET / HTTP/1.1\\x0d\"",
        refused(v1("GET / HTTP/1.1\r\n")));
    assertEquals(
        "what the peer has sent is no PROXY header: there is no such port as \"042\":"
            + " \"PROXY TCP4 127.0.0.1 127.0.0.1 042 1337\\x0d\\x0a\"",
        refused(v1("PROXY TCP4 127.0.0.1 127.0.0.1 042 1337\r\n")));
  }
}
