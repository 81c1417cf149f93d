package io.plainweave.admission;

/**
 * What is left of a {@link Rate}, as the one moment at which all of it will be there again (the
 * generic cell rate algorithm, ITU-T I.371): nothing has to be filled up in between. More than
 * there is may be taken; then that moment is further away.
 *
 * <p>Not for use by several threads at once.
 */
final class RateBucket {
  /** Longer than anybody waits: sums of it are still times. */
  private static final long FOREVER = Long.MAX_VALUE / 4;

  /** In the nanoseconds of {@link System#nanoTime()}. */
  private long fullAt;

  /** A full one. */
  RateBucket(long now) {
    fullAt = now;
  }

  /** How long until there is one to take; zero or less if there is one now. */
  long nanosToNext(Rate rate, long now) {
    return rate.isUnlimited() ? 0 : fullAt - now - (rate.per().toNanos() - rate.intervalNanos());
  }

  void take(Rate rate, int count, long now) {
    setTaken(rate, taken(rate, now) + count, now);
  }

  /** Goes on by another rate: what was taken, and is not there again, stays taken. */
  void change(Rate from, Rate to, long now) {
    setTaken(to, taken(from, now), now);
  }

  private double taken(Rate rate, long now) {
    return isFull(now) ? 0 : (fullAt - now) / nanosForOne(rate);
  }

  private void setTaken(Rate rate, double taken, long now) {
    fullAt =
        now + (rate.isUnlimited() ? 0 : Math.min(FOREVER, Math.round(taken * nanosForOne(rate))));
  }

  /** Not rounded down, which would be much for a million bytes. */
  private static double nanosForOne(Rate rate) {
    return (double) rate.per().toNanos() / rate.times();
  }

  /** Whether it can be forgotten: a new one would be the same. */
  boolean isFull(long now) {
    return fullAt - now <= 0;
  }
}
