package io.plainweave.udp;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * A datagram that was received, for a {@link DatagramHandler}, and the way to reply to it. It may
 * be kept and replied to later, by any thread, as long as the server lives.
 */
public interface Datagram {
  /**
   * Returns what was received, all of it. May be empty: a datagram without a byte is one, too.
   *
   * @return the array itself, which is the handler's
   */
  byte[] bytes();

  /**
   * Returns the address from which it seems to come: anyone can write any address there.
   *
   * @return an IPv4 or IPv6 address, and a port, which may be 0
   */
  InetSocketAddress remoteAddress();

  /**
   * Returns the address of the socket that has received it.
   *
   * @return the address that was asked; where the server listens at every address and this is none
   *     of an interface, that one, as 0.0.0.0 or ::
   */
  InetSocketAddress localAddress();

  /**
   * Sends a datagram to where this one seems to come from. It may wait for room in the socket, for
   * a tenth of a second at most. All replies to a datagram together are limited by {@link
   * Udp#amplification()}. An interrupt is no hindrance.
   *
   * @param reply at most 65,507 bytes, or 65,527 by IPv6; beyond about 1,200 the network may have
   *     to break it into pieces, of which all must arrive (RFC 8085, section 3.2)
   * @return whether the system has taken it, which does not say that it will arrive; if not, it is
   *     counted ({@link DatagramDrop})
   * @throws IllegalArgumentException if it is longer than any datagram
   */
  boolean reply(byte[] reply);

  /**
   * Sends what is left in a buffer, as {@link #reply(byte[])}.
   *
   * @param reply the datagram, which is unchanged, its position included
   * @return whether the system has taken it
   * @throws IllegalArgumentException if it is longer than any datagram
   */
  boolean reply(ByteBuffer reply);
}
