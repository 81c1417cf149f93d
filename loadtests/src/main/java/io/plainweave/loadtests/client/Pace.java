package io.plainweave.loadtests.client;

import java.time.Duration;

/** When each of a number of things is due at a fixed rate, whatever becomes of those before it. */
final class Pace {
  private final double interval;
  private final long start = System.nanoTime();
  private final long count;
  private long taken; // confined to the client's thread

  Pace(double rate, Duration duration) {
    this.interval = 1e9 / rate;
    this.count = (long) (rate * duration.toNanos() / 1e9);
  }

  /** Whether the next one is due. */
  boolean isDue() {
    return taken < count && nextDue() - System.nanoTime() <= 0;
  }

  /** Takes the next one and returns when it was due, by {@link System#nanoTime}. */
  long take() {
    long due = nextDue();
    taken++;
    return due;
  }

  /** How many were taken. */
  long taken() {
    return taken;
  }

  boolean isOver() {
    return taken == count;
  }

  Duration untilNext() {
    return isOver()
        ? Duration.ofMillis(1)
        : Duration.ofNanos(Math.max(0, nextDue() - System.nanoTime()));
  }

  private long nextDue() {
    return start + (long) (taken * interval);
  }
}
