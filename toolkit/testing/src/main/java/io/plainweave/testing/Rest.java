package io.plainweave.testing;

import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jdk.management.VirtualThreadSchedulerMXBean;

/**
 * Tells whether the virtual threads of this process rest: none runs, and none has something to do.
 * Between the wake-up of a thread and its run the JDK's poller may have its part, which no figure
 * shows: so they have to rest for a moment.
 */
final class Rest {
  private static final VirtualThreadSchedulerMXBean SCHEDULER =
      ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);

  /** How long they have to rest. */
  private static final long MOMENT = TimeUnit.MICROSECONDS.toNanos(1_500);

  /** How long to wait for those that do not. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

  private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(50);

  /** Waits until they rest. */
  void await() {
    long begin = System.nanoTime();
    long restingSince = begin;
    long now = begin;
    while (now - restingSince < MOMENT && now - begin < PATIENCE) {
      LockSupport.parkNanos(PAUSE);
      now = System.nanoTime();
      if (isBroken()) {
        restingSince = now;
      }
    }
  }

  /** The same, unless they rest at this very moment. */
  void awaitIfBroken() {
    if (isBroken()) {
      await();
    }
  }

  private static boolean isBroken() {
    int own = Thread.currentThread().isVirtual() ? 1 : 0;
    return SCHEDULER.getQueuedVirtualThreadCount() > 0
        || SCHEDULER.getMountedVirtualThreadCount() > own;
  }
}
