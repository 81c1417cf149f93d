package io.plainweave;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the sources of connections: how many each has open, and how often it came. It
 * counts nothing until a limit says so. Its users hold the lock of the {@link Admission}.
 */
final class SourceCounts {
  /** Sources and their networks, as long as they have connections. */
  private final Map<Network, Integer> open = new HashMap<>();

  private final SourceRates rates = new SourceRates();

  /** Why a source is refused, or null if it is not. That it came is noted in any case. */
  @Nullable Refusal refusal(AdmissionRules rules, InetAddress address, long now) {
    if (!rates.take(rules.sourceRate(), address, now)) {
      return Refusal.SOURCE_RATE;
    }
    if (rules.maxPerSource() != 0 && count(source(address)) >= rules.maxPerSource()) {
      return Refusal.SOURCE_LIMIT;
    }
    if (rules.maxPerNetwork() != 0 && count(network(address)) >= rules.maxPerNetwork()) {
      return Refusal.NETWORK_LIMIT;
    }
    return null;
  }

  private int count(Network counted) {
    return open.getOrDefault(counted, 0);
  }

  /** Forgets how often sources came, since another rate would judge them wrongly. */
  void forgetRates() {
    rates.clear();
  }

  void add(InetAddress address) {
    open.merge(source(address), 1, Integer::sum);
    open.merge(network(address), 1, Integer::sum);
  }

  void remove(InetAddress address) {
    open.computeIfPresent(source(address), SourceCounts::oneLess);
    open.computeIfPresent(network(address), SourceCounts::oneLess);
  }

  private static @Nullable Integer oneLess(Network counted, Integer count) {
    return count == 1 ? null : count - 1;
  }

  /** How many sources and networks are known to have connections. */
  int size() {
    return open.size();
  }

  /** Of how many sources it is known how often they came. */
  int knownRates() {
    return rates.size();
  }

  private static Network source(InetAddress address) {
    Network single = Network.of(address);
    return single.address() instanceof Inet4Address ? single : Network.of(address, 64);
  }

  private static Network network(InetAddress address) {
    boolean ipv4 = Network.of(address).address() instanceof Inet4Address;
    return Network.of(address, ipv4 ? 24 : 48);
  }
}
