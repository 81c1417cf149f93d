package io.plainweave.status;

/** What of its peer a connection waits for. */
public enum WaitsFor {
  /**
   * Nothing of the peer: a thread is at work, or waits for something else. In a {@linkplain
   * ConnectionState#HANDSHAKE handshake} that is its turn.
   */
  NOTHING,

  /** Bytes, or the peer's end. */
  INPUT,

  /** Room to write: for the peer to read. */
  ROOM,

  /** The peer's end, behind which the connection is closed. */
  PEERS_END
}
