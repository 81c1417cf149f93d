package io.plainweave;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;
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
   * What an accepted socket does not have from the one that listens costs a system call for each
   * connection.
   */
  private static final boolean INHERITS = System.getProperty("os.name").equals("Linux");

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

    private void apply(NetworkChannel channel) throws IOException {
      set(channel, ExtendedSocketOptions.TCP_KEEPIDLE, (int) idle.toSeconds());
      set(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, (int) interval.toSeconds());
      set(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, count);
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

  /**
   * Sets what the accepted sockets inherit, before the channel is bound: the peer learns of the
   * size of the receive buffer in the handshake (tcp(7)).
   */
  void applyTo(ServerSocketChannel channel) throws IOException {
    if (receiveBuffer > 0) {
      set(channel, StandardSocketOptions.SO_RCVBUF, receiveBuffer);
    }
    if (keepAlive != null && INHERITS) {
      keepAlive.apply(channel);
    }
    if (sendBuffer > 0 || keepAlive != null) {
      // What comes later, on each accepted socket, is tried on another one now.
      try (var trial = SocketChannel.open()) {
        applyToAccepted(trial);
      }
    }
  }

  /** Sets what an accepted socket has not inherited. */
  void applyToAccepted(SocketChannel channel) throws IOException {
    if (sendBuffer > 0) {
      set(channel, StandardSocketOptions.SO_SNDBUF, sendBuffer);
    }
    if (keepAlive != null) {
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      if (!INHERITS) {
        keepAlive.apply(channel);
      }
    }
  }

  /** Sets everything on a socket that is about to connect. */
  void applyToConnecting(SocketChannel channel) throws IOException {
    if (receiveBuffer > 0) {
      set(channel, StandardSocketOptions.SO_RCVBUF, receiveBuffer);
    }
    applyToAccepted(channel);
    if (keepAlive != null && INHERITS) {
      keepAlive.apply(channel);
    }
  }

  /** Sets an option; fails if the system gives less. */
  static void set(NetworkChannel channel, SocketOption<Integer> option, int value)
      throws IOException {
    if (!channel.supportedOptions().contains(option)) {
      throw new IOException("this system has no " + option.name());
    }
    try {
      channel.setOption(option, value);
    } catch (IOException e) {
      throw new IOException(
          "the system refuses %d as %s: %s".formatted(value, option.name(), e.getMessage()), e);
    }
    int given = channel.getOption(option);
    if (given < value) {
      throw new IOException(
          "the system gives %d to %s at most, and %d are asked for"
              .formatted(given, option.name(), value));
    }
  }
}
