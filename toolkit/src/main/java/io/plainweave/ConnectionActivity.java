package io.plainweave;

/**
 * What the reading side of a connection does, as far as the drain must know it.
 *
 * <pre>
 *   WORKING  ⇄  WAITING  →  DRAINED
 * </pre>
 *
 * <p>Only the reading thread moves between WORKING and WAITING; only the reaper moves to DRAINED,
 * and only from WAITING. So either the handler gets the first bytes of a message and may read the
 * rest of it, or it reads end of stream: never half of a message that the drain has cut.
 */
enum ConnectionActivity {
  /** The handler is at work, or has part of a message. */
  WORKING,
  /** The handler waits for input and has no part of a message. */
  WAITING,
  /** The drain has ended the input. */
  DRAINED
}
