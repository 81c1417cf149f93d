package io.plainweave.status;

/**
 * What a connection is doing, as far as the server knows. What a handler does that neither reads
 * nor writes, only its {@linkplain LiveConnection#position() position} can tell.
 */
public enum ConnectionState {
  /**
   * It is in what comes before the handler, or in a TLS handshake that the handler has begun; since
   * the beginning of that.
   */
  HANDSHAKE,

  /** The handler waits for the peer to begin a message; since it began to wait. */
  WAITING,

  /**
   * The handler is at work, and in no message: with what it has read of a plain stream, or with
   * what it does by itself. Since the last bytes have come, or the handler began.
   */
  WORKING,

  /**
   * The handler is at work with a message, which it has marked ({@link
   * io.plainweave.Connection#awaitMessage()}; the readers of {@code io.plainweave.framing} do);
   * since the message began.
   */
  IN_MESSAGE,

  /** The handler waits for the rest of a message; since the message began. */
  WAITING_IN_MESSAGE,

  /**
   * A thread writes, or waits for room to write; since the socket has taken the last byte. In all
   * but the shortest time it is the peer who does not read.
   */
  WRITING,

  /** All was sent, and the peer is waited for to finish, too; since the output was finished. */
  LINGERING,

  /**
   * It ends: its input was ended at this side, or it is closed, and its handler has not returned.
   * Since the input was ended, if it was; or else since the latest that is known of before.
   */
  ENDING,

  /**
   * It was opened by a handler, and nobody reads or writes: it is in a pool, for example. Since
   * bytes have come or gone the last time.
   */
  AT_REST
}
