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
 * @param receiveBuffer how many bytes from the peer may wait for a handler (SO_RCVBUF); 0 lets the
 *     system adapt it to each connection
 * @param sendBuffer how many bytes may wait for a peer that does not read (SO_SNDBUF); 0 lets the
 *     system adapt it to each connection: up to 4 MB each on Linux, unless {@code
 *     net.ipv4.tcp_wmem} says otherwise
 * @param keepAlive when to ask a silent peer whether it is still there, or null for never
 */
public record TcpOptions(int receiveBuffer, int sendBuffer, @Nullable KeepAlive keepAlive) {
  /** Everything as the system has it. */
  public static final TcpOptions DEFAULT = new TcpOptions(0, 0, null);

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
    return new TcpOptions(bytes, sendBuffer, keepAlive);
  }

  /**
   * Returns these options with another {@link #sendBuffer()}.
   *
   * @param bytes not negative; 0 leaves it to the system
   * @return the options
   * @throws IllegalArgumentException if it is negative
   */
  public TcpOptions sendBuffer(int bytes) {
    return new TcpOptions(receiveBuffer, bytes, keepAlive);
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
    return new TcpOptions(receiveBuffer, sendBuffer, new KeepAlive(idle, interval, count));
  }
}
