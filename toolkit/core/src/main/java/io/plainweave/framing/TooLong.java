package io.plainweave.framing;

/**
 * What becomes of a message that is longer than the limit. Whichever it is, what is beyond the
 * limit takes no memory, and the time limits run on: whoever sends a message without an end is
 * stopped by {@link io.plainweave.TimeLimits#message()}.
 */
public enum TooLong {
  /**
   * Reading fails as soon as it is known, with a {@link io.plainweave.MalformedMessageException}.
   */
  FAIL,
  /** It is read over, and the next one is returned. */
  SKIP,
  /** Its beginning is returned, as long as the limit allows, and the rest is read over. */
  CUT
}
