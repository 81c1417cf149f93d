package io.plainweave.internal.time;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The reaper's count of ticks: a clock that costs its readers one field. Ticks wrap around: compare
 * them by difference.
 *
 * <p>It measures the time for which this process has run. When the process was stopped and goes on,
 * one tick has passed, so that connections get their chance to read before they are judged.
 */
public final class Ticks {
  public static final int MILLIS = 100;

  /** What a limit of zero becomes: a number of ticks that is never reached. */
  public static final int NEVER = Integer.MAX_VALUE;

  /** Written by the reaper only. */
  private volatile int now;

  public int now() {
    return now;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  public void advance() {
    now++;
  }

  /** Returns how many ticks a time is, rounded up. */
  public static int of(Duration duration) {
    long ticks = Math.ceilDiv(TimeUnit.MILLISECONDS.convert(duration), MILLIS);
    return (int) Math.min(ticks, NEVER - 1);
  }

  /** Returns how many ticks a time limit is: {@link #NEVER} for zero. */
  public static int ofLimit(Duration limit) {
    return limit.isZero() ? NEVER : Math.max(1, of(limit));
  }
}
