package io.plainweave.internal.admission;

import io.plainweave.admission.Network;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Set;
import java.util.TreeSet;

/**
 * A set of networks that is asked for an address: one look-up for each length of prefix in it,
 * however many networks it has. A list that was searched would cost a microsecond from a hundred
 * networks on, for every connection.
 */
final class NetworkSet {
  private final Set<Network> networks;
  private final int[] ipv4Lengths;
  private final int[] ipv6Lengths;

  NetworkSet(Set<Network> networks) {
    this.networks = Set.copyOf(networks);
    this.ipv4Lengths = lengths(networks, true);
    this.ipv6Lengths = lengths(networks, false);
  }

  private static int[] lengths(Set<Network> networks, boolean ipv4) {
    var lengths = new TreeSet<Integer>();
    for (Network network : networks) {
      if (network.address() instanceof Inet4Address == ipv4) {
        lengths.add(network.prefixLength());
      }
    }
    return lengths.stream().mapToInt(Integer::intValue).toArray();
  }

  boolean isEmpty() {
    return networks.isEmpty();
  }

  boolean contains(InetAddress any) {
    if (networks.isEmpty()) {
      return false;
    }
    InetAddress address = Network.of(any).address();
    for (int length : address instanceof Inet4Address ? ipv4Lengths : ipv6Lengths) {
      if (networks.contains(Network.of(address, length))) {
        return true;
      }
    }
    return false;
  }
}
