package io.plainweave.admission;

import java.time.Duration;

/**
 * How often something may happen: a number of times in a time, spread as it comes. After a quiet
 * while all of them may come at once, then one at a time, as the time for each has passed (a token
 * bucket). A {@link RateLimiter} holds others to it, and a {@link KeyedRateLimiter} each of many.
 *
 * @param times how often
 * @param per in which time
 */
public record Rate(int times, Duration per) {
  /** As often as it comes. */
  public static final Rate UNLIMITED = new Rate(Integer.MAX_VALUE, Duration.ofSeconds(1));

  /** Checks the values. */
  public Rate {
    if (times < 1) {
      throw new IllegalArgumentException("a rate is at least once in a time: " + times);
    }
    if (!per.isPositive() || per.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("the time of a rate is from 1 ns to a day: " + per);
    }
  }

  /**
   * Returns a rate in times per second.
   *
   * @param times at least 1
   * @return the rate
   * @throws IllegalArgumentException if it is less than 1
   */
  public static Rate perSecond(int times) {
    return new Rate(times, Duration.ofSeconds(1));
  }

  /**
   * Returns a rate in times per minute.
   *
   * @param times at least 1
   * @return the rate
   * @throws IllegalArgumentException if it is less than 1
   */
  public static Rate perMinute(int times) {
    return new Rate(times, Duration.ofMinutes(1));
  }

  /**
   * Returns whether this is no limit: more often than once in a nanosecond.
   *
   * @return true if everything is within it
   */
  public boolean isUnlimited() {
    return intervalNanos() == 0;
  }

  /**
   * Returns how long it is from one to the next on average.
   *
   * @return nanoseconds, rounded down; 0 if there is no limit
   */
  long intervalNanos() {
    return per.toNanos() / times;
  }

  /** Returns for example {@code 30 in 60 s}. */
  @Override
  public String toString() {
    return isUnlimited() ? "unlimited" : times + " in " + per.toMillis() / 1000.0 + " s";
  }
}
