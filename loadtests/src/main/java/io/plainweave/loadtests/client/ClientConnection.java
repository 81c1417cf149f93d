package io.plainweave.loadtests.client;

import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/**
 * One connection of a client: what it is doing and how far its message is.
 *
 * <p>Only the thread of its {@link ClientLoop} touches it.
 */
final class ClientConnection {
  enum State {
    CONNECTING,
    AWAITING_ECHO,
    IDLE,
    CLOSED
  }

  final int number;
  final SocketChannel channel;

  // Confined to the loop's thread, as all fields below.
  SelectionKey key;
  State state = State.CONNECTING;

  /** Number of the message in flight, or of the next one. */
  int sequence;

  /** Bytes of the message in flight that the kernel has taken. */
  int sent;

  /** Bytes of the echo that have arrived. */
  int received;

  /** When the connect or the message in flight began. */
  long since = System.nanoTime();

  ClientConnection(int number, SocketChannel channel) {
    this.number = number;
    this.channel = channel;
  }

  boolean isIdle() {
    return state == State.IDLE;
  }

  boolean isInFlight() {
    return state == State.CONNECTING || state == State.AWAITING_ECHO;
  }
}
