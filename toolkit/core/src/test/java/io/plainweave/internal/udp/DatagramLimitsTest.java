package io.plainweave.internal.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.admission.Rate;
import io.plainweave.internal.admission.PeerKey;
import io.plainweave.internal.admission.SourceRates;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.Udp;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Among datagrams")
@Timeout(30)
class DatagramLimitsTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private static InetAddress address(String literal) {
    return InetAddress.ofLiteral(literal);
  }

  @Test
  void aSourceHasABurstAndThenItsRate() {
    var rates = new SourceRates();
    Rate rate = Rate.perSecond(4);
    InetAddress source = address("192.0.2.1");
    assertEquals(4, taken(rates, rate, source, 10, 0));
    assertEquals(2, taken(rates, rate, source, 10, SECOND / 2));
    assertEquals(4, taken(rates, rate, source, 10, 100 * SECOND));
    // A clock never goes back, but two receivers may look at it in another order than they come.
    assertEquals(0, taken(rates, rate, source, 10, 99 * SECOND));
  }

  private static int taken(SourceRates rates, Rate rate, InetAddress source, int wanted, long now) {
    int taken = 0;
    for (int i = 0; i < wanted; i++) {
      taken += rates.take(rate, source, now) ? 1 : 0;
    }
    return taken;
  }

  @Test
  void aSourceThatGoesOnIsNotForgottenForOthers() {
    var rates = new SourceRates();
    Rate rate = Rate.perSecond(1);
    InetAddress flood = address("192.0.2.1");
    assertTrue(rates.take(rate, flood, 0));
    for (int i = 0; i < 50_000; i++) {
      byte[] forged = ByteBuffer.allocate(4).putInt(0x0A00_0000 + i).array();
      assertTrue(rates.take(rate, ofBytes(forged), 0));
      if (i % 5_000 == 0) {
        assertFalse(rates.take(rate, flood, 0));
      }
    }
    assertFalse(rates.take(rate, flood, 0));
    assertTrue(rates.size() <= 16_384, () -> "sources: " + rates.size());
  }

  private static InetAddress ofBytes(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (java.net.UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1,      192.0.2.1,        true",
    "192.0.2.1,      192.0.2.2,        false",
    "2001:db8::1,    2001:db8::2:3:4:5, true",
    "2001:db8::1,    2001:db8:0:1::1,  false",
    "::c000:201,     192.0.2.1,        false",
  })
  void aSourceIsAnAddressOrANetworkOf64Bits(String one, String other, boolean same) {
    assertEquals(same, PeerKey.ofSource(address(one)).equals(PeerKey.ofSource(address(other))));
  }

  @Test
  void aPeerIsAnAddressWithAPort() {
    var peer = new InetSocketAddress(address("2001:db8::1"), 5);
    assertEquals(PeerKey.of(peer), PeerKey.of(new InetSocketAddress(address("2001:db8::1"), 5)));
    assertNotEquals(PeerKey.of(peer), PeerKey.of(new InetSocketAddress(address("2001:db8::1"), 6)));
    assertNotEquals(PeerKey.of(peer), PeerKey.of(new InetSocketAddress(address("2001:db8::2"), 5)));
    // Those that are one in InetSocketAddress.hashCode are spread.
    long hashes =
        java.util.stream.IntStream.range(0, 1_000)
            .mapToObj(i ->
                new InetSocketAddress(
                    ofBytes(new byte[] {10, 0, (byte) (i >> 8), (byte) i}), 2_000 - i))
            .map(PeerKey::of)
            .map(PeerKey::hashCode)
            .distinct()
            .count();
    assertTrue(hashes > 990, () -> "hashes: " + hashes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "192.0.2.1:0",
        "0.0.0.0:5",
        "[::]:5",
        "255.255.255.255:5",
        "224.0.0.1:5",
        "[ff02::1]:5",
        "127.0.0.1:own",
        "127.9.9.9:own",
        "[::1]:own",
      })
  void nobodyWhoCannotHaveAskedGetsAReply(String peer) throws Exception {
    var registry = new DatagramRegistry(List.of(place(Udp.at(0))));
    registry.bind(List.of());
    try (DatagramListener listener = registry.listeners().getFirst()) {
      int own = listener.address().getPort();
      assertFalse(listener.isReplyAddress(parse(peer.replace("own", "" + own))), peer);
      assertTrue(listener.isReplyAddress(parse("127.0.0.1:" + (own ^ 1))));
      assertTrue(listener.isReplyAddress(parse("192.0.2.1:" + own)));
    }
  }

  @Test
  void whatTheSystemCannotSendIsCountedOnceAndTheNextIsSent() throws Exception {
    var registry = new DatagramRegistry(List.of(place(Udp.at("127.0.0.1", 0))));
    registry.bind(List.of());
    try (DatagramListener listener = registry.listeners().getFirst();
        var peer = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      UdpSocket socket = listener.sockets().getFirst().first();
      var target = (InetSocketAddress) peer.getLocalSocketAddress();
      // No way leads from the loopback to anywhere else; and more than UDP by IPv4 has room for.
      assertFalse(listener.send(socket, ByteBuffer.allocate(1), parse("192.0.2.1:9")));
      assertFalse(listener.send(socket, ByteBuffer.allocate(65_508), target));
      assertTrue(listener.send(socket, ByteBuffer.allocate(65_507), target));
      assertTrue(listener.send(socket, ByteBuffer.allocate(0), target));
      assertEquals(Map.of(DatagramDrop.FAILED, 2L), listener.statistics().dropped());
      assertEquals(2, listener.statistics().sent());
    }
  }

  @Test
  void noNumberOfDatagramsIsTooGreatForTheGreatestAmplification() throws Exception {
    Udp udp = Udp.at("127.0.0.1", 0).amplification(Integer.MAX_VALUE);
    var registry = new DatagramRegistry(List.of(place(udp)));
    registry.bind(List.of());
    try (DatagramListener listener = registry.listeners().getFirst();
        var socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      var address = (InetSocketAddress) socket.getLocalSocketAddress();
      var peer = new DatagramPeer(address, listener, listener.sockets().getFirst().first());
      for (int i = 0; i < 100_000; i++) {
        peer.received(65_507);
      }
      assertTrue(peer.send(ByteBuffer.allocate(1)));
    }
  }

  private static DatagramService.Place place(Udp udp) {
    return new DatagramService.Place(udp, new DatagramService.PerDatagram(datagram -> {}));
  }

  private static InetSocketAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = text.substring(0, colon).replaceAll("[\\[\\]]", "");
    return new InetSocketAddress(address(host), Integer.parseInt(text.substring(colon + 1)));
  }
}
