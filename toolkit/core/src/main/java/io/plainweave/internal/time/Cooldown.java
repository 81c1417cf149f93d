package io.plainweave.internal.time;

/** Keeps something that may go on for long from being told more than once in five seconds. */
public final class Cooldown {
  private static final int TICKS = 5_000 / Ticks.MILLIS;

  /** Whether it was told at all; as {@link #until} for the reaper's thread only. */
  private boolean begun;

  /** The tick from which on it may be told again. */
  private int until;

  /** Whether it may be told now; if so, it counts as told. */
  public boolean isOver(int now) {
    boolean over = !begun || now - until >= 0;
    if (over) {
      begun = true;
      until = now + TICKS;
    }
    return over;
  }
}
