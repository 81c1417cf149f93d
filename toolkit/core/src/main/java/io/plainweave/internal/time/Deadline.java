package io.plainweave.internal.time;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The end of a time that several waits share.
 *
 * @param begin what {@link System#nanoTime()} was then
 * @param nanos how long after it; {@link Long#MAX_VALUE} for no end
 */
public record Deadline(long begin, long nanos) {
  /** The end of a time that begins now; zero for no end. */
  public static Deadline in(Duration time) {
    return new Deadline(
        System.nanoTime(), time.isZero() ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(time));
  }

  /** How many nanoseconds are left, not more than 0 when it has passed. */
  public long left() {
    return nanos == Long.MAX_VALUE ? nanos : nanos - (System.nanoTime() - begin);
  }

  /** The same in milliseconds, as calls take it for which 0 is no end: at least 1, or 0. */
  public int millisLeft() {
    long millis = Math.ceilDiv(left(), TimeUnit.MILLISECONDS.toNanos(1));
    return nanos == Long.MAX_VALUE ? 0 : Math.clamp(millis, 1, Integer.MAX_VALUE);
  }

  public boolean hasPassed() {
    return left() <= 0;
  }
}
