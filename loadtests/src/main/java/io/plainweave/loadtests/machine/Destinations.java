package io.plainweave.loadtests.machine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * The loopback addresses the connections of a run go to.
 *
 * <p>A connection is its four addresses. With one destination there are only as many as there are
 * ephemeral ports; all of 127.0.0.0/8 is local on Linux, so each further destination allows as many
 * again, and the source stays 127.0.0.1 without any bind.
 */
public final class Destinations {
  /** All of 127.0.0.0/8 but its first and last address. */
  static final int MOST = (1 << 24) - 2;

  private final InetSocketAddress[] addresses;

  /** So many addresses, with that port. */
  public Destinations(int count, int port) {
    addresses = new InetSocketAddress[count];
    for (int i = 0; i < count; i++) {
      addresses[i] = new InetSocketAddress(address(i), port);
    }
  }

  /** The destination of a connection; neighbours in number go to different ones. */
  public InetSocketAddress of(int connection) {
    return addresses[connection % addresses.length];
  }

  /** All of them, in the order in which connections take turns. */
  public List<InetSocketAddress> all() {
    return List.of(addresses);
  }

  static InetAddress address(int index) {
    int host = index + 1; // 127.0.0.0 is the network itself
    try {
      return InetAddress.getByAddress(
          new byte[] {127, (byte) (host >>> 16), (byte) (host >>> 8), (byte) host});
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }
}
