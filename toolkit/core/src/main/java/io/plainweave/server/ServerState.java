package io.plainweave.server;

/**
 * Where a server is in its life. It only moves downwards, and may leave states out.
 *
 * <pre>
 *   NEW         not started
 *    ↓
 *   RUNNING     accepts connections
 *    ↓ shutdown()
 *   DRAINING    listeners are closed, live connections finish; listeners for administration go on,
 *               and end when all others have
 *    ↓ shutdownNow(), or close() when the time to drain has run out
 *   CANCELLING  live connections are interrupted and closed; when none is left, background tasks
 *               are interrupted
 *    ↓
 *   TERMINATED  no thread, socket or permit is left
 * </pre>
 */
public enum ServerState {
  /** Not started. */
  NEW,
  /** Accepts connections. */
  RUNNING,
  /** The drain has begun: listeners close, and live connections finish what they are at. */
  DRAINING,
  /**
   * Live connections are interrupted and their sockets closed. When none is left, background tasks
   * are interrupted; with such tasks a drain comes here, too.
   */
  CANCELLING,
  /** Nothing is left: no thread, socket or permit. */
  TERMINATED;

  /**
   * Returns whether this state is the other one or comes after it.
   *
   * @param other the state to compare with
   * @return true if it has been reached
   */
  public boolean isAtLeast(ServerState other) {
    return compareTo(other) >= 0;
  }
}
