package io.plainweave.internal.connection;

/**
 * What the reading side of a connection does, as far as the drain and the time limits must know it.
 *
 * <pre>
 *               receive                 first byte
 *   WORKING  ─────────────→  WAITING  ─────────────→  IN_MESSAGE  ⇄  WAITING_IN_MESSAGE
 *      ↑ └──────────────────────│─────────────────────────↑ │
 *      │     bytes were there   │ drain                   │ │ endMessage
 *      └────────────────────────│─────────────────────────│─┘
 *                               ↓
 *                            DRAINED
 *
 *   and from everywhere, by close:  CLOSED
 *   from WAITING_IN_MESSAGE, by a deadline, too
 * </pre>
 *
 * <p>A plain stream, in which no messages are marked, goes to and fro between WORKING and WAITING.
 * Only the reading thread moves the state, but for two steps: the one to DRAINED, which the reaper
 * takes, and only from WAITING; and the one to CLOSED, which any thread takes that closes the
 * connection. So a handler either gets the first bytes of a message and may read the rest, or it
 * reads end of stream. Where the step meets the first bytes on their way to the handler, it gets
 * those, and a read for more of the message fails.
 */
public enum ConnectionActivity {
  /** The handler is at work. */
  WORKING,
  /** The handler waits for the first byte of a message. */
  WAITING,
  /** A message was begun; the handler is not waiting for more of it. */
  IN_MESSAGE,
  /** The handler waits for the rest of a message. */
  WAITING_IN_MESSAGE,
  /** The input was ended, for the server's drain or a time limit. */
  DRAINED,
  /**
   * The connection was closed, or its input was cut in the middle of a message: a read fails, also
   * one that has begun before.
   */
  CLOSED
}
