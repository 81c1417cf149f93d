package io.plainweave;

/** The kinds of time limit; {@link TimeLimits} has their values. */
public enum TimeLimit {
  /** What comes before the handler has not come whole since the connection was accepted. */
  PREFACE,
  /** Nothing was received or sent since the handler waits for the first byte. */
  FIRST_BYTE,
  /** A message was begun and is not complete. */
  MESSAGE,
  /** A message comes in more slowly than the minimum rate. */
  RECEIVE_RATE,
  /** Nothing was sent or received while the handler waits for input. */
  IDLE,
  /** A write has made no progress, because the peer does not read. */
  WRITE_STALL,
  /** We have finished our output, the peer sends nothing and does not finish its own. */
  HALF_CLOSED,
  /** The connection has lived as long as it may. */
  LIFETIME,
  /** A scope of the handler has reached its deadline. */
  SCOPE
}
