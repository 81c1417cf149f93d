package io.plainweave.internal.transport;

import io.plainweave.internal.thread.JdkThreads;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.time.Ticks;

/**
 * Brings to life again, after a lack of memory, what the JDK may have left hanging. Only the thread
 * of a reaper uses it.
 */
public final class Revival {
  /** The first ones may come before there is memory again for everybody. */
  private static final int TIMES = 2_000 / Ticks.MILLIS;

  private final JdkThreads jdkThreads = JdkThreads.find();
  private final Pollers pollers;

  /** The number of {@link Shortage#seen()} when it was looked at. */
  private int known = Shortage.seen();

  /** In how many ticks something is still to be revived. */
  private int left;

  public Revival(Pollers pollers) {
    this.pollers = pollers;
  }

  /**
   * Revives what there is to revive; called in each tick.
   *
   * @throws IllegalStateException if the JDK has not survived itself
   */
  public void check() {
    int shortages = Shortage.seen();
    if (shortages != known) {
      known = shortages;
      left = TIMES;
    }
    if (left > 0) {
      left--;
      JdkThreads.wakeCarriers();
      pollers.nudge();
    }
    Thread dead = jdkThreads.dead();
    if (dead != null) {
      throw new IllegalStateException(
          "the JDK has lost its thread " + dead.getName() + ", most likely for want of memory");
    }
  }
}
