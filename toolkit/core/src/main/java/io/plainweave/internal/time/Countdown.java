package io.plainweave.internal.time;

import io.plainweave.Deadline;
import io.plainweave.clock.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The end of a time that several waits share.
 *
 * @param begin what {@link Clock#nanoTime()} was then
 * @param nanos how long after it; {@link Long#MAX_VALUE} for no end
 */
public record Countdown(long begin, long nanos) {
  /**
   * The end of a time that begins now, zero for no end; or the {@link Deadline} of the calling
   * thread, if that comes first.
   */
  public static Countdown of(Duration time) {
    long own = time.isZero() ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(time);
    long most = Deadline.remaining().map(TimeUnit.NANOSECONDS::convert).orElse(Long.MAX_VALUE);
    return new Countdown(Clock.current().nanoTime(), Math.min(own, most));
  }

  /** The end of so many nanoseconds from now on. */
  public static Countdown within(long nanos) {
    return new Countdown(Clock.current().nanoTime(), nanos);
  }

  /** How many nanoseconds are left, not more than 0 when it has passed. */
  public long left() {
    return nanos == Long.MAX_VALUE ? nanos : nanos - (Clock.current().nanoTime() - begin);
  }

  /** The same in milliseconds, as calls take it for which 0 is no end: at least 1, or 0. */
  public int millisLeft() {
    long millis = Math.ceilDiv(left(), TimeUnit.MILLISECONDS.toNanos(1));
    return nanos == Long.MAX_VALUE ? 0 : Math.clamp(millis, 1, Integer.MAX_VALUE);
  }

  public boolean isOver() {
    return left() <= 0;
  }
}
