package io.plainweave.internal.connection;

import java.io.IOException;

/** One part of what a connection begins with, before its handler. */
public interface HandshakeStep {
  /**
   * Runs in the connection's own thread. The reaper ends the connection when it takes too long.
   *
   * @return false if there is nothing to serve: the peer has finished without a byte, or the server
   *     drains
   * @throws IOException if the peer does not begin as it should; its kind decides the {@link
   *     io.plainweave.CloseReason}
   */
  boolean run(SocketConnection connection) throws IOException, InterruptedException;

  /** Waits until the peer has begun, if it is the peer who begins; called before the turn. */
  default void awaitPeer(SocketConnection connection) throws IOException {}

  /**
   * Whether it costs so much that only some connections may be at it at a time. What mostly waits
   * for its peer must not: silent peers would take the turns of all others.
   */
  default boolean needsTurn() {
    return true;
  }

  /** Whether the source of a connection is not known before, and is admitted by this step. */
  default boolean admitsSource() {
    return false;
  }
}
