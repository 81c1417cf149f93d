package io.plainweave.internal.time;

import java.util.concurrent.TimeUnit;

/**
 * Tells a reaper when to count the next tick. After a stop of the process, the time that has passed
 * does not count: one tick has. Only the reaper's thread uses it.
 */
public final class TickTimer {
  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(Ticks.MILLIS);

  /** A tick that is later than this comes after a stop, not after a busy moment. */
  private static final long LONGEST_DELAY = TimeUnit.SECONDS.toNanos(1);

  private final Ticks ticks;

  /** When the next tick is, in the nanoseconds of {@link System#nanoTime()}. */
  private long next = System.nanoTime() + TICK;

  public TickTimer(Ticks ticks) {
    this.ticks = ticks;
  }

  /** Leaves out the time since the last tick, in which nobody has asked for it. */
  public void restart() {
    next = System.nanoTime() + TICK;
  }

  /** How many nanoseconds are left to the next tick, not more than 0 when its time has come. */
  public long left() {
    return next - System.nanoTime();
  }

  /** Counts a tick if its time has come; returns whether it has. */
  public boolean advance() {
    long late = -left();
    if (late < 0) {
      return false;
    }
    next += late < LONGEST_DELAY ? TICK : late + TICK;
    ticks.advance();
    return true;
  }
}
