package io.plainweave.internal.udp;

import io.plainweave.text.Addresses;
import io.plainweave.udp.DatagramDrop;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The other end of datagrams, and what may be sent there: as long as nobody has shown that the
 * address is not forged, only a multiple of what has come from it.
 */
final class DatagramPeer {
  /** IPv4 (RFC 791) and UDP; counted, since it is the network that is amplified. */
  private static final int HEADERS = 20 + 8;

  /** 65,535 bytes less these headers; IPv6 does not count its own. */
  private static final int LONGEST_IPV4 = 65_535 - HEADERS;

  private static final int LONGEST_IPV6 = 65_535 - 8;

  private final InetSocketAddress remoteAddress;
  private final DatagramListener listener;
  private final UdpSocket socket;
  private final int amplification;

  /** Bytes that may still be sent. */
  private final AtomicLong allowed = new AtomicLong();

  /** Whether any number of bytes may be sent; set once, by the handler. */
  private volatile boolean validated;

  DatagramPeer(InetSocketAddress remoteAddress, DatagramListener listener, UdpSocket socket) {
    this.remoteAddress = remoteAddress;
    this.listener = listener;
    this.socket = socket;
    this.amplification = listener.udp().amplification();
    this.validated = amplification == 0;
  }

  InetSocketAddress remoteAddress() {
    return remoteAddress;
  }

  InetSocketAddress localAddress() {
    return socket.address();
  }

  /** Notes a datagram from there. */
  void received(int bytes) {
    if (!validated) {
      long more = (long) amplification * (HEADERS + bytes);
      allowed.accumulateAndGet(
          more, (left, added) -> Math.min(left, Long.MAX_VALUE - added) + added);
    }
  }

  /** Counts what nobody has received. */
  void dropUnread(int count) {
    listener.drop(DatagramDrop.UNREAD, count);
  }

  void validate() {
    validated = true;
  }

  boolean isValidated() {
    return validated;
  }

  /** Sends what is left in the buffer; false, and it is counted, if that cannot be. */
  boolean send(ByteBuffer datagram) {
    int length = datagram.remaining();
    int longest = remoteAddress.getAddress() instanceof Inet4Address ? LONGEST_IPV4 : LONGEST_IPV6;
    if (length > longest) {
      throw new IllegalArgumentException(
          "a datagram to %s has at most %d bytes: %d"
              .formatted(Addresses.format(remoteAddress), longest, length));
    }
    if (!listener.isReplyAddress(remoteAddress)) {
      return listener.drop(DatagramDrop.NO_REPLY_ADDRESS);
    }
    if (!validated && !take(HEADERS + length)) {
      return listener.drop(DatagramDrop.AMPLIFICATION);
    }
    return listener.send(socket, datagram, remoteAddress);
  }

  private boolean take(int bytes) {
    long before =
        allowed.getAndAccumulate(bytes, (left, more) -> left >= more ? left - more : left);
    return before >= bytes;
  }
}
