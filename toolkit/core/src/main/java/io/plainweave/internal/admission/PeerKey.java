package io.plainweave.internal.admission;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;

/**
 * An address as the key of a table. Whoever forges addresses would choose those of one hash; so the
 * hash depends on a number that nobody outside knows.
 *
 * @param high the first half of an IPv6 address
 * @param low the second half; for IPv4 as in an address that is mapped to IPv6
 * @param port of the peer, or -1 for the source as a whole
 * @param scope the network interface of a link-local IPv6 peer, or 0
 */
public record PeerKey(long high, long low, int port, int scope) {
  private static final long SECRET = new SecureRandom().nextLong();

  private static final int SOURCE = -1;

  /** A peer. */
  public static PeerKey of(InetSocketAddress peer) {
    int scope = peer.getAddress() instanceof Inet6Address address ? address.getScopeId() : 0;
    return of(peer.getAddress(), peer.getPort(), scope);
  }

  /** Whoever is behind an address: an IPv6 customer has at least 64 bits to choose from. */
  public static PeerKey ofSource(InetAddress address) {
    PeerKey all = of(address, SOURCE, 0);
    return all.high == 0 ? all : new PeerKey(all.high, 0, SOURCE, 0);
  }

  private static PeerKey of(InetAddress address, int port, int scope) {
    byte[] bytes = address.getAddress();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return bytes.length == Integer.BYTES
        ? new PeerKey(0, 0xFFFF_0000_0000L | (buffer.getInt() & 0xFFFF_FFFFL), port, scope)
        : new PeerKey(buffer.getLong(), buffer.getLong(), port, scope);
  }

  @Override
  public int hashCode() {
    long mixed = mix(mix(mix(SECRET ^ high) ^ low) ^ port) ^ scope;
    return (int) (mixed ^ (mixed >>> 32));
  }

  /** The finalizer of SplitMix64: each bit of the input changes half of the output. */
  private static long mix(long value) {
    long mixed = value + 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
