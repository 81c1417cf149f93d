package io.plainweave.client;

import io.plainweave.internal.time.Countdown;
import java.net.ConnectException;
import java.nio.channels.SocketChannel;
import java.util.Objects;

/** Where to connect. */
sealed interface Destination permits TcpDestination, UnixDestination {
  /** Refuses what is no place in a network. */
  static void check(String host, int port) {
    if (Objects.requireNonNull(host, "host").isBlank()) {
      throw new IllegalArgumentException("the host is empty: '" + host + "'");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("a port to connect to is from 1 to 65535: " + port);
    }
  }

  /**
   * Connects.
   *
   * @return a connected channel, the caller's to close
   * @throws ConnectException if that was not possible; the message is a sentence with the
   *     destination in it
   */
  SocketChannel connect(Countdown deadline) throws ConnectException, InterruptedException;

  /** Whether another attempt may be of use after this failure. */
  default boolean mayPass(ConnectException failure) {
    return true;
  }

  /** What is thrown when it is not possible. */
  default ConnectException failed(String why, Throwable cause) {
    var failure = new ConnectException("cannot connect to " + this + ": " + why);
    failure.initCause(cause);
    return failure;
  }

  /** What is thrown when the thread was interrupted meanwhile. */
  default InterruptedException interrupted() {
    return new InterruptedException("interrupted while connecting to " + this);
  }
}
