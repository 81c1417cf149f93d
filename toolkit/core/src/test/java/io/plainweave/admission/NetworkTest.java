package io.plainweave.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet6Address;
import java.net.InetAddress;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A network")
@Timeout(10)
class NetworkTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.0.0.0/8",
    "0.0.0.0/0, 0.0.0.0/0",
    "192.168.128.0/17, 192.168.128.0/17",
    "255.255.255.254/31, 255.255.255.254/31",
    "127.0.0.1, 127.0.0.1/32",
    "127.0.0.1/32, 127.0.0.1/32",
    "::/0, ::/0",
    "2001:db8::/32, 2001:db8::/32",
    "2001:DB8:0:0:0:0:0:0/32, 2001:db8::/32",
    "2001:db8:8000::/33, 2001:db8:8000::/33",
    "fe80::/10, fe80::/10",
    "::1, ::1/128",
    "::ffff:10.0.0.0/104, 10.0.0.0/8",
    "::ffff:10.0.0.1, 10.0.0.1/32",
  })
  void isReadAsPeopleWriteIt(String text, String network) {
    assertEquals(network, Network.parse(text).toString());
    assertEquals(Network.parse(text), Network.parse(network));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/8",
        "10/8",
        "10.0.0/8",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/8/8",
        "010.0.0.0/8",
        "0x0a000000/8",
        "256.0.0.0/8",
        " 10.0.0.0/8",
        "localhost",
        "localhost/32",
        "[::1]/128",
        "fe80::1%1/64",
        ":::/8",
        "2001:db8/32",
      })
  void thatIsNoneIsRefusedWithItsText(String text) {
    var refused = assertThrows(IllegalArgumentException.class, () -> Network.parse(text));
    assertEquals(
        "not a network, as in 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1: " + text,
        refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/33, the prefix length of 10.0.0.0 must be from 0 to 32: 33",
    "2001:db8::/129, the prefix length of 2001:db8:: must be from 0 to 128: 129",
    "::ffff:10.0.0.0/95, the prefix length of 10.0.0.0 must be from 0 to 32: -1",
    "10.1.2.3/8, 10.1.2.3/8 has bits set beyond its prefix; its network is 10.0.0.0/8",
    "10.0.0.1/0, 10.0.0.1/0 has bits set beyond its prefix; its network is 0.0.0.0/0",
    "2001:db8::1/64, 2001:db8::1/64 has bits set beyond its prefix; its network is 2001:db8::/64",
  })
  void thatDoesNotFitItsPrefixIsRefused(String text, String message) {
    var refused = assertThrows(IllegalArgumentException.class, () -> Network.parse(text));
    assertEquals(message, refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.255.255, true",
    "10.0.0.0/8, 11.0.0.0, false",
    "10.0.0.0/8, 9.255.255.255, false",
    "192.168.128.0/17, 192.168.255.1, true",
    "192.168.128.0/17, 192.168.127.255, false",
    "0.0.0.0/0, 203.0.113.9, true",
    "0.0.0.0/0, ::1, false",
    "::/0, 203.0.113.9, false",
    "::/0, 2001:db8::1, true",
    "127.0.0.1, 127.0.0.1, true",
    "127.0.0.1, 127.0.0.2, false",
    "2001:db8:8000::/33, 2001:db8:ffff::1, true",
    "2001:db8:8000::/33, 2001:db8:7fff::1, false",
    "fe80::/10, fe80::1%1, true",
  })
  void containsTheAddressesThatBeginWithItsBits(String network, String address, boolean contained) {
    assertEquals(contained, Network.parse(network).contains(InetAddress.ofLiteral(address)));
  }

  @Test
  void ofIpv4ContainsAnAddressInTheGuiseOfIpv6() throws Exception {
    byte[] bytes = InetAddress.ofLiteral("::1").getAddress();
    bytes[10] = bytes[11] = (byte) 0xFF;
    bytes[12] = 10;
    var mapped = Inet6Address.getByAddress(null, bytes, -1);
    assertTrue(Network.parse("10.0.0.0/8").contains(mapped));
    assertEquals("10.0.0.1/32", Network.of(mapped).toString());
  }

  @Test
  void ofASizeIsThatInWhichTheAddressIs() {
    InetAddress address = InetAddress.ofLiteral("2001:db8:1:2:3:4:5:6");
    assertEquals("2001:db8:1:2::/64", Network.of(address, 64).toString());
    assertEquals("2001:db8:1:2:3:4:5:6/128", Network.of(address).toString());
    assertEquals("::/0", Network.of(address, 0).toString());
    assertThrows(IllegalArgumentException.class, () -> Network.of(address, -1));
    assertThrows(IllegalArgumentException.class, () -> Network.of(address, 129));
  }
}
