package io.plainweave;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the kernel treats the sockets of TCP connections (tcp(7), socket(7)). What is not set stays
 * as the system has it. Small packets are never held back (TCP_NODELAY), since output leaves in
 * whole batches anyway.
 *
 * <p>A value that the system does not give in full is an error at the start, with the limit in the
 * message.
 *
 * <p>Others the JDK does not reach: TCP_FASTOPEN, TCP_USER_TIMEOUT, TCP_DEFER_ACCEPT,
 * TCP_NOTSENT_LOWAT, TCP_CONGESTION, SO_MARK and SO_BINDTODEVICE. For some of them the system has a
 * setting of its own: {@code net.ipv4.tcp_congestion_control}, or {@code congctl}, {@code quickack}
 * and {@code fastopen_no_cookie} of a route (ip-route(8)). SO_LINGER is not here, since how a
 * connection ends is not left to the kernel ({@link TimeLimits#linger()}), nor TCP_QUICKACK of
 * {@link jdk.net.ExtendedSocketOptions}, which the kernel takes back by itself.
 *
 * @param receiveBuffer how many bytes from the peer may wait for a handler (SO_RCVBUF); 0 lets the
 *     system adapt it to each connection
 * @param sendBuffer how many bytes may wait for a peer that does not read (SO_SNDBUF); 0 lets the
 *     system adapt it to each connection: up to 4 MB each on Linux, unless {@code
 *     net.ipv4.tcp_wmem} says otherwise
 * @param keepAlive when to ask a silent peer whether it is still there, or null for never
 * @param trafficClass how routers are to treat the packets (IP_TOS, IPV6_TCLASS; RFC 2474): six
 *     bits, and two that TCP keeps for itself (RFC 3168), so a multiple of 4; 0 leaves it to the
 *     system
 */
public record TcpOptions(
    int receiveBuffer, int sendBuffer, @Nullable KeepAlive keepAlive, int trafficClass) {
  /** Everything as the system has it. */
  public static final TcpOptions DEFAULT = new TcpOptions(0, 0, null, 0);

  /**
   * When the kernel asks a silent peer whether it is still there (SO_KEEPALIVE). One that does not
   * answer for {@code idle + interval * count} is gone: reading from it fails.
   *
   * @param idle the silence before the first question; whole seconds, at least one
   * @param interval between two questions; whole seconds, at least one
   * @param count how many questions without an answer; at least 1
   */
  public record KeepAlive(Duration idle, Duration interval, int count) {
    /** Checks the values. */
    public KeepAlive {
      wholeSeconds("idle", idle);
      wholeSeconds("interval", interval);
      if (count < 1) {
        throw new IllegalArgumentException("count must be at least 1: " + count);
      }
    }

    private static void wholeSeconds(String name, Duration value) {
      if (value.compareTo(Duration.ofSeconds(1)) < 0
          || value.toNanosPart() != 0
          || value.toSeconds() > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            name + " must be whole seconds, and at least one: " + value);
      }
    }
  }

  /** Checks the values. */
  public TcpOptions {
    notNegative("receiveBuffer", receiveBuffer);
    notNegative("sendBuffer", sendBuffer);
    if ((trafficClass & ~0xFC) != 0) {
      throw new IllegalArgumentException(
          "trafficClass must be a multiple of 4 from 0 to 252: " + trafficClass);
    }
  }

  private static void notNegative(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " must not be negative: " + value);
    }
  }

  /**
   * Returns these options with another {@link #receiveBuffer()}.
   *
   * @param bytes not negative; 0 leaves it to the system
   * @return the options
   * @throws IllegalArgumentException if it is negative
   */
  public TcpOptions receiveBuffer(int bytes) {
    return new TcpOptions(bytes, sendBuffer, keepAlive, trafficClass);
  }

  /**
   * Returns these options with another {@link #sendBuffer()}.
   *
   * @param bytes not negative; 0 leaves it to the system
   * @return the options
   * @throws IllegalArgumentException if it is negative
   */
  public TcpOptions sendBuffer(int bytes) {
    return new TcpOptions(receiveBuffer, bytes, keepAlive, trafficClass);
  }

  /**
   * Returns these options with {@link #keepAlive()}.
   *
   * @param idle the silence before the first question; whole seconds, at least one
   * @param interval between two questions; whole seconds, at least one
   * @param count how many questions without an answer; at least 1
   * @return the options
   * @throws IllegalArgumentException if one of them is out of range
   */
  public TcpOptions keepAlive(Duration idle, Duration interval, int count) {
    return new TcpOptions(
        receiveBuffer, sendBuffer, new KeepAlive(idle, interval, count), trafficClass);
  }

  /**
   * Returns these options with another {@link #trafficClass()}.
   *
   * {@snippet file="io/plainweave/client/TcpOptionsTest.java" region="traffic-class"}
   *
   * @param trafficClass a multiple of 4 from 0 to 252; 0 leaves it to the system
   * @return the options
   * @throws IllegalArgumentException if it is another number
   */
  public TcpOptions trafficClass(int trafficClass) {
    return new TcpOptions(receiveBuffer, sendBuffer, keepAlive, trafficClass);
  }
}
