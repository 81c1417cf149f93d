package io.plainweave.internal.admission;

import io.plainweave.admission.AdmissionRules;
import io.plainweave.admission.Network;
import io.plainweave.admission.Refusal;
import io.plainweave.internal.connection.SocketConnection.SourceCount;
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
  /** How many connections a source or a network has. Guarded as the whole. */
  static final class Count implements SourceCount {
    private final Network counted;

    /** That of the network, for a source. */
    private final @Nullable Count network;

    private int connections;

    private Count(Network counted, @Nullable Count network) {
      this.counted = counted;
      this.network = network;
    }
  }

  /** Sources and their networks, as long as they have connections. */
  private final Map<Network, Count> open = new HashMap<>();

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
    Count count = open.get(counted);
    return count == null ? 0 : count.connections;
  }

  /** Forgets how often sources came, since another rate would judge them wrongly. */
  void forgetRates() {
    rates.clear();
  }

  /**
   * Counts a connection, or nothing if there is no memory for it; returns what to {@link #remove}.
   */
  Count add(InetAddress address) {
    Network source = source(address);
    Count network = open.computeIfAbsent(network(address), counted -> new Count(counted, null));
    network.connections++;
    boolean complete = false;
    try {
      Count count = open.computeIfAbsent(source, counted -> new Count(counted, network));
      count.connections++;
      complete = true;
      return count;
    } finally {
      if (!complete) {
        removeOne(network);
      }
    }
  }

  /** Takes back what {@link #add} has counted. It allocates nothing, and so does not fail. */
  void remove(SourceCount counted) {
    var source = (Count) counted;
    removeOne(source);
    if (source.network != null) {
      removeOne(source.network);
    }
  }

  private void removeOne(Count count) {
    count.connections--;
    if (count.connections == 0) {
      open.remove(count.counted);
    }
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
