package io.plainweave;

/**
 * What is known of the peer of a connection, without reading from it: {@link
 * Connection#peerState()}. The states come in this order, and none comes back.
 */
public enum PeerState {
  /** Nothing says that it has gone. A peer whose network was cut says nothing, either. */
  OPEN,
  /**
   * It has finished its output (FIN). That is all that a peer sends which has closed its socket or
   * has died in order; but one that has finished its request, as {@code nc -N} does, sends the same
   * and waits for the reply. Only the protocol knows which of them is gone.
   */
  FINISHED,
  /**
   * It has reset the connection, or the network has lost it, or the connection is closed here. Of
   * one that has finished before, the kernel tells that to a write only.
   */
  GONE;

  /**
   * Returns whether this state is that one or comes after it.
   *
   * @param other a state
   * @return true from that state on
   */
  public boolean isAtLeast(PeerState other) {
    return compareTo(other) >= 0;
  }
}
