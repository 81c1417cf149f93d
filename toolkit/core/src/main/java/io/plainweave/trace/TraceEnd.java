package io.plainweave.trace;

/** Why a {@link Trace} has ended. */
public enum TraceEnd {
  /** {@link Trace#close()} was called. */
  CLOSED,

  /** The one connection that it was about has ended. */
  CONNECTION_ENDED,

  /** It has shown as much as it may ({@link TraceLimits#maxBytes()}). */
  BYTES,

  /** It has gone on as long as it may ({@link TraceLimits#maxTime()}). */
  TIME,

  /** The server has ended. */
  SERVER_ENDED,

  /**
   * It could not be written ({@link Trace#failure()}), for want of room on the disk for example.
   */
  FAILED
}
