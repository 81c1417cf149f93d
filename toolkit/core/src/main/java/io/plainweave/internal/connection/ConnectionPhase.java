package io.plainweave.internal.connection;

/**
 * Where an accepted connection is in its life, as far as the reaper must know it. The connection's
 * own thread moves it, from each one to the next; without a handshake it begins with HANDLER, as
 * does one that was opened outbound.
 */
public enum ConnectionPhase {
  /** What comes before the handler. */
  HANDSHAKE,
  /** The handler runs. */
  HANDLER,
  /** The handler is done, our output is finished, and we wait for the peer's FIN. */
  LINGER
}
