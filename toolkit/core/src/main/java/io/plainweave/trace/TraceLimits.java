package io.plainweave.trace;

import java.time.Duration;
import java.util.Objects;

/**
 * The bounds of a {@link Trace}, which ends at the first that is reached.
 *
 * @param maxBytes how many bytes of the connections it shows, of both directions and all
 *     connections together; at least 1. Reads, writes and events have a bound, too, of 256 and one
 *     for each 16 of these bytes. With what stands around them, a file is some ten times as large
 *     at most, and as a rule five times as text, and little larger than the bytes as pcapng
 * @param maxTime how long it goes on, counted while the server runs in steps of 100 ms; more than
 *     zero
 */
public record TraceLimits(long maxBytes, Duration maxTime) {
  /** 1 MiB, and a minute. */
  public static final TraceLimits DEFAULT = new TraceLimits(1024 * 1024, Duration.ofMinutes(1));

  /** Checks the values. */
  public TraceLimits {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1: " + maxBytes);
    }
    Objects.requireNonNull(maxTime, "maxTime");
    if (!maxTime.isPositive()) {
      throw new IllegalArgumentException("maxTime must be more than zero: " + maxTime);
    }
  }

  /**
   * Returns the same with another number of bytes.
   *
   * @param maxBytes how many bytes of the connections it shows
   * @return the limits
   */
  public TraceLimits withMaxBytes(long maxBytes) {
    return new TraceLimits(maxBytes, maxTime);
  }

  /**
   * Returns the same with another time.
   *
   * @param maxTime how long it goes on
   * @return the limits
   */
  public TraceLimits withMaxTime(Duration maxTime) {
    return new TraceLimits(maxBytes, maxTime);
  }
}
