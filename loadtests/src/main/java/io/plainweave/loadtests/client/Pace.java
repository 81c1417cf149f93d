package io.plainweave.loadtests.client;

import java.time.Duration;

/** When each of a number of things is due at a fixed rate, whatever becomes of those before it. */
public final class Pace {
  /** Most to do in a row: what has come meanwhile, ends above all, is to be seen too. */
  public static final int BURST = 16;

  private final long start;
  private final double interval;
  private long count; // confined to the client's thread, as the next
  private long taken;

  /** From a time on, by {@link System#nanoTime}, so many. */
  public Pace(long start, double rate, long count) {
    this.start = start;
    this.interval = 1e9 / rate;
    this.count = count;
  }

  /** Whether the next one is due. */
  public boolean isDue() {
    return taken < count && due(taken) - System.nanoTime() <= 0;
  }

  /** Takes the next one and returns when it was due. */
  public long take() {
    return due(taken++);
  }

  /** What is not due yet never will be. */
  void end() {
    count = Math.min(count, (long) ((System.nanoTime() - start) / interval) + 1);
  }

  /** How many become due in all. */
  long count() {
    return count;
  }

  /** How many were taken. */
  public long taken() {
    return taken;
  }

  /** Whether all were taken. */
  public boolean isOver() {
    return taken == count;
  }

  /** How long until the next one is due; a millisecond if there is none. */
  public Duration untilNext() {
    return isOver()
        ? Duration.ofMillis(1)
        : Duration.ofNanos(Math.max(0, due(taken) - System.nanoTime()));
  }

  /** When one of them is due, by {@link System#nanoTime}. */
  public long due(long index) {
    return start + (long) (index * interval);
  }
}
