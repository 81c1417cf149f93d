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
    /** Our output is finished, and that of the server is not. */
    ENDING,
    CLOSED
  }

  final int number;
  final SocketChannel channel;

  /** Whether the latency of the first message includes the connect. */
  final boolean connectCounts;

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
  long since;

  ClientConnection(int number, SocketChannel channel, long since, boolean connectCounts) {
    this.number = number;
    this.channel = channel;
    this.since = since;
    this.connectCounts = connectCounts;
  }

  boolean isIdle() {
    return state == State.IDLE;
  }

  boolean isInFlight() {
    return state == State.CONNECTING || state == State.AWAITING_ECHO;
  }
}
