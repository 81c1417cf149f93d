package io.plainweave.loadtests.fullheap;

/**
 * How a server has come through.
 *
 * @param end what became of it
 * @param millis after how long it served again, or had ended, counted from when there was memory
 * @param ownMillis the same by {@link ServerClock}, which is what it is judged by
 * @param what what it said, or what was wrong
 */
record Outcome(End end, long millis, long ownMillis, String what) {
  /** As the clock stands now. */
  static Outcome of(End end, ServerClock clock, String what) {
    return new Outcome(end, clock.wallMillis(), clock.millis(), what);
  }

  enum End {
    /** It serves again, and has lost nothing. */
    SERVED,
    /** It has ended in time, and said why. */
    ENDED,
    /** All else: deaf, half deaf, too late, or with something lost. */
    FAILED
  }
}
