package io.plainweave.internal.trace;

/**
 * What a trace shows at a moment.
 *
 * @param of the connection that it is about
 * @param nanos when that was, since the begin of the trace
 * @param kind what has happened
 * @param bytes those that have passed, if they have; never modified
 * @param text what there is to say besides, perhaps nothing
 * @param leftOut how many bytes of this direction are not shown between the ones before and these
 */
@SuppressWarnings("ArrayRecordComponent") // none is compared, nor modified
record Entry(TracedConnection of, long nanos, Kind kind, byte[] bytes, String text, long leftOut) {
  /** What has happened. */
  enum Kind {
    RECEIVED,
    SENT,
    NOTE,
    PEER_FINISHED,
    FINISHED,
    /** It is closed, and both sides have finished, or will. */
    CLOSED,
    /** It is closed by a reset of this side. */
    RESET,
    /** It is closed by a reset of the peer. */
    RESET_BY_PEER;

    /** Whether nothing more comes of the connection. */
    boolean isLast() {
      return compareTo(CLOSED) >= 0;
    }
  }
}
