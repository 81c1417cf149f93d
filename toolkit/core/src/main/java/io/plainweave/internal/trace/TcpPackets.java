package io.plainweave.internal.trace;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/**
 * The made-up packets of one connection: IP and TCP around its bytes, with sequence numbers that
 * follow and checksums that are right (RFC 791, 8200, 9293).
 *
 * <p>What it makes up is to raise no doubt in a reader: each side acknowledges what was shown of
 * the other one, and no more; the windows are larger than all that is not acknowledged.
 */
final class TcpPackets {
  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int PSH = 8;
  static final int ACK = 16;

  /** With the headers it is within the 65,535 bytes of IP. */
  static final int LARGEST_SEGMENT = 65_000;

  /** After so many bytes without an answer there is an acknowledgement of its own. */
  private static final int MOST_UNACKNOWLEDGED = 1024 * 1024;

  private static final int TCP = 6;
  private static final int IPV4_HEADER = 20;
  private static final int IPV6_HEADER = 40;
  private static final int TCP_HEADER = 20;
  private static final int HOPS = 64;
  private static final int WINDOW = 0xffff;

  /** Maximum segment size, and a window scale of 14 (RFC 9293, 7323): 1 GiB. */
  private static final byte[] SYN_OPTIONS = {
    2, 4, (byte) (LARGEST_SEGMENT >> 8), (byte) LARGEST_SEGMENT, 1, 3, 3, 14
  };

  private static final byte[] NO_OPTIONS = {};

  /** Where nobody has a port: the listener of a path, and its clients from here on. */
  private static final int PATHS_PORT = 65_535;

  private static final int FIRST_PORT = 1_024;

  /** One of the two sides. */
  static final class Side {
    private final byte[] address;
    private final int port;

    /** Of the next byte that it sends; wraps around. */
    private int sequence;

    /** What it has sent that the other one has not acknowledged. */
    private int unacknowledged;

    private int window = WINDOW;
    private boolean finished;

    private Side(byte[] address, int port) {
      this.address = address;
      this.port = port;
    }

    boolean hasFinished() {
      return finished;
    }

    /** Passes over bytes that are not shown. */
    void skip(long count) {
      sequence += (int) count;
    }
  }

  private final Side own;
  private final Side peer;
  private short identification;

  private TcpPackets(Side own, Side peer) {
    this.own = own;
    this.peer = peer;
  }

  static TcpPackets of(long id, SocketAddress local, SocketAddress remote) {
    byte[] ownAddress = address(local, 1);
    byte[] peerAddress = address(remote, 2);
    if (ownAddress.length != peerAddress.length) {
      // A proxy may tell a client of the other family.
      ownAddress = mapped(ownAddress);
      peerAddress = mapped(peerAddress);
    }
    int madeUp = FIRST_PORT + (int) (id % (PATHS_PORT - FIRST_PORT));
    return new TcpPackets(
        new Side(ownAddress, port(local, PATHS_PORT)), new Side(peerAddress, port(remote, madeUp)));
  }

  private static byte[] address(SocketAddress of, int lastByte) {
    InetAddress known = of instanceof InetSocketAddress inet ? inet.getAddress() : null;
    return known == null ? new byte[] {127, 0, 0, (byte) lastByte} : known.getAddress();
  }

  private static int port(SocketAddress of, int otherwise) {
    return of instanceof InetSocketAddress inet ? inet.getPort() : otherwise;
  }

  /** An IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2). */
  private static byte[] mapped(byte[] address) {
    return address.length == 16
        ? address
        : ByteBuffer.allocate(16).putShort(10, (short) 0xffff).put(12, address).array();
  }

  Side own() {
    return own;
  }

  Side peer() {
    return peer;
  }

  Side other(Side side) {
    return side == own ? peer : own;
  }

  /** Whether the other side of this one is to acknowledge what it has sent. */
  boolean isToAcknowledge(Side from) {
    return from.unacknowledged >= MOST_UNACKNOWLEDGED;
  }

  /** A packet that only says something: its window differs, or it would look like a doubled one. */
  byte[] empty(Side from) {
    from.window = from.window == WINDOW ? WINDOW - 1 : WINDOW;
    return packet(from, ACK, NO_OPTIONS, 0, 0);
  }

  /** A packet with these flags, and a part of the data. */
  byte[] packet(Side from, int flags, byte[] data, int offset, int length) {
    Side to = other(from);
    byte[] options = (flags & SYN) == 0 ? NO_OPTIONS : SYN_OPTIONS;
    int segment = TCP_HEADER + options.length + length;
    boolean ipv6 = from.address.length == 16;
    int header = ipv6 ? IPV6_HEADER : IPV4_HEADER;
    ByteBuffer packet = ByteBuffer.allocate(header + segment);
    if (ipv6) {
      packet.putInt(6 << 28).putShort((short) segment).put((byte) TCP).put((byte) HOPS);
    } else {
      packet.putShort((short) 0x4500).putShort((short) (header + segment));
      packet.putShort(identification++).putShort((short) 0x4000); // must not be fragmented
      packet.put((byte) HOPS).put((byte) TCP).putShort((short) 0);
    }
    packet.put(from.address).put(to.address);
    if (!ipv6) {
      packet.putShort(10, checksum(packet, 0, header, 0));
    }
    packet.putShort((short) from.port).putShort((short) to.port).putInt(from.sequence);
    packet.putInt((flags & ACK) == 0 ? 0 : to.sequence);
    packet.put((byte) (((TCP_HEADER + options.length) / 4) << 4)).put((byte) flags);
    packet.putShort((short) from.window).putInt(0); // checksum, no urgent data
    packet.put(options).put(data, offset, length);
    long pseudo = sum(packet, header - 2 * from.address.length, 2 * from.address.length);
    packet.putShort(header + 16, checksum(packet, header, segment, pseudo + TCP + segment));
    advance(from, to, flags, length);
    return packet.array();
  }

  private static void advance(Side from, Side to, int flags, int length) {
    from.sequence += length + ((flags & (SYN | FIN)) == 0 ? 0 : 1);
    from.finished |= (flags & (FIN | RST)) != 0;
    from.unacknowledged += length;
    to.unacknowledged = 0;
  }

  /** RFC 1071. */
  private static short checksum(ByteBuffer packet, int from, int length, long begin) {
    long sum = begin + sum(packet, from, length);
    while (sum >> 16 != 0) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (short) ~sum;
  }

  private static long sum(ByteBuffer packet, int from, int length) {
    long sum = 0;
    for (int i = 0; i + 1 < length; i += 2) {
      sum += packet.getShort(from + i) & 0xffff;
    }
    return length % 2 == 0 ? sum : sum + ((packet.get(from + length - 1) & 0xff) << 8);
  }
}
