package io.plainweave;

/**
 * The reaper's count of ticks: a clock that costs its readers one field. It wraps around; compare
 * by difference.
 */
final class Ticks {
  /** Written by the reaper only. */
  private volatile int now;

  int now() {
    return now;
  }

  int advance() {
    int next = now + 1;
    now = next;
    return next;
  }
}
