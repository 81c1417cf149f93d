package io.plainweave.internal.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.admission.Rate;
import io.plainweave.admission.Refusal;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The rules of admission")
@Timeout(10)
class AdmissionRulesTest {
  private static final long NOW = System.nanoTime();
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private static InetAddress address(String literal) {
    return InetAddress.ofLiteral(literal);
  }

  @Test
  void refuseNegativeValues() {
    AdmissionRules rules = AdmissionRules.DEFAULT;
    assertThrows(IllegalArgumentException.class, () -> rules.maxConnections(-1));
    assertThrows(IllegalArgumentException.class, () -> rules.maxPerSource(-1));
    assertThrows(IllegalArgumentException.class, () -> rules.maxPerNetwork(-1));
    assertThrows(IllegalArgumentException.class, () -> rules.alarmAt(-1));
    assertThrows(IllegalArgumentException.class, () -> Rate.perSecond(0));
    assertThrows(IllegalArgumentException.class, () -> new Rate(1, Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> Listen.tcp(0).maxConnections(-1));
  }

  @Test
  void areEqualIfTheirGoodbyeHasTheSameBytesWhateverWasReadOfIt() {
    var mine = ByteBuffer.wrap(new byte[] {1, 2, 3});
    AdmissionRules rules = AdmissionRules.DEFAULT.goodbye(mine);
    mine.put(0, (byte) 9);
    rules.goodbye().get();
    assertEquals(AdmissionRules.DEFAULT.goodbye(ByteBuffer.wrap(new byte[] {1, 2, 3})), rules);
    assertTrue(rules.goodbye().isReadOnly());
  }

  @Test
  void findAnAddressInManyNetworks() {
    var set =
        new NetworkSet(
            Set.of(
                Network.parse("10.0.0.0/8"),
                Network.parse("192.0.2.0/25"),
                Network.parse("203.0.113.9"),
                Network.parse("2001:db8::/32")));
    assertTrue(set.contains(address("10.255.0.1")));
    assertTrue(set.contains(address("192.0.2.127")));
    assertFalse(set.contains(address("192.0.2.128")));
    assertTrue(set.contains(address("203.0.113.9")));
    assertFalse(set.contains(address("203.0.113.8")));
    assertTrue(set.contains(address("2001:db8:ffff::1")));
    assertFalse(set.contains(address("2001:db9::1")));
    assertFalse(new NetworkSet(Set.of()).contains(address("::1")));
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.2, NETWORK_LIMIT",
    "192.0.2.1, 192.0.2.1, SOURCE_LIMIT",
    "192.0.2.1, 192.0.3.1,",
    "2001:db8:1:2:a::1, 2001:db8:1:2:b::1, SOURCE_LIMIT",
    "2001:db8:1:2:a::1, 2001:db8:1:3:a::1, NETWORK_LIMIT",
    "2001:db8:1:2:a::1, 2001:db8:2:2:a::1,",
  })
  void takeAnAddressOrAnIpv6NetworkForASource(String first, String second, Refusal refusal) {
    AdmissionRules rules = AdmissionRules.DEFAULT.maxPerSource(1).maxPerNetwork(1);
    var counts = new SourceCounts();
    SourceCounts.Count count = counts.add(address(first));
    assertEquals(refusal, counts.refusal(rules, address(second), NOW));
    counts.remove(count);
    assertEquals(0, counts.size());
    assertNull(counts.refusal(rules, address(second), NOW));
  }

  @Test
  void letASourceComeAgainWhenItsTimeHasCome() {
    AdmissionRules rules = AdmissionRules.DEFAULT.sourceRate(new Rate(2, Duration.ofSeconds(2)));
    var counts = new SourceCounts();
    InetAddress source = address("192.0.2.1");
    assertNull(counts.refusal(rules, source, NOW));
    assertNull(counts.refusal(rules, source, NOW));
    assertEquals(Refusal.SOURCE_RATE, counts.refusal(rules, source, NOW + SECOND - 1));
    assertNull(counts.refusal(rules, source, NOW + SECOND));
    assertEquals(Refusal.SOURCE_RATE, counts.refusal(rules, source, NOW + SECOND));
    assertNull(counts.refusal(rules, source, NOW + 9 * SECOND));
    assertNull(counts.refusal(rules, source, NOW + 9 * SECOND));
  }

  @Test
  void rememberSoManySourcesAndNoMoreAndForgetThoseThatStayAway() {
    AdmissionRules rules = AdmissionRules.DEFAULT.sourceRate(Rate.perSecond(1));
    var counts = new SourceCounts();
    for (int i = 0; i < 20_000; i++) {
      InetAddress source = address("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255));
      assertNull(counts.refusal(rules, source, NOW));
    }
    assertEquals(16_384, counts.knownRates());
    assertEquals(Refusal.SOURCE_RATE, counts.refusal(rules, address("10.0.78.31"), NOW));
    assertNull(counts.refusal(rules, address("192.0.2.1"), NOW + 2 * SECOND));
    assertEquals(1, counts.knownRates());
  }

  @ParameterizedTest
  @CsvSource({"70, 3", "120, 50", "1024, 909", "20000, 19800", "1000200, 1000000", "10, 1"})
  void keepSomeDescriptorsForWhatIsNoConnection(long descriptors, int connections) {
    assertEquals(connections, new Descriptors(descriptors).connections());
  }
}
