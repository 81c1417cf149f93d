package io.plainweave.internal.admission;

import io.plainweave.admission.Rate;

/**
 * What is left of a {@link Rate}. It is kept as the one moment at which the bucket will be full
 * again (the generic cell rate algorithm, ITU-T I.371), so that nothing has to be filled up in
 * between, and the rate may change at any time. Not for use by several threads at once.
 */
public final class TokenBucket {
  /** In the nanoseconds of {@link System#nanoTime()}. */
  private long fullAt;

  /** A full one. */
  public TokenBucket(long now) {
    fullAt = now;
  }

  /** How long until the next may be taken; zero or less if it may be now. */
  long nanosToNext(Rate rate, long now) {
    return fullAt - now - (rate.per().toNanos() - interval(rate));
  }

  /** Takes one if there is one. */
  public boolean tryTake(Rate rate, long now) {
    if (nanosToNext(rate, now) > 0) {
      return false;
    }
    take(rate, now);
    return true;
  }

  void take(Rate rate, long now) {
    fullAt = (isFull(now) ? now : fullAt) + interval(rate);
  }

  /** In nanoseconds; 0 if there is no limit. */
  private static long interval(Rate rate) {
    return rate.per().toNanos() / rate.times();
  }

  /** Whether it can be forgotten: a new one would be the same. */
  boolean isFull(long now) {
    return fullAt - now <= 0;
  }
}
