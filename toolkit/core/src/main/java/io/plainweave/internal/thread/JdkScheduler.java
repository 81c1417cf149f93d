package io.plainweave.internal.thread;

import java.lang.management.ManagementFactory;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler of the JDK, that of the whole process. Where the JVM does not tell of it, as
 * without the module {@code jdk.management}, it has as many carriers as at the start, and keeps
 * them.
 */
public final class JdkScheduler {
  /** Null where the JVM has none. */
  private static final @Nullable Bean BEAN = JdkModules.MANAGEMENT ? Bean.find() : null;

  /** What is told where nobody knows more: the JDK's own default, or what was set instead. */
  private static final int CARRIERS_AT_THE_START =
      Integer.getInteger(
          "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());

  private JdkScheduler() {}

  /** Only here is the type of the bean named, which not every JVM can load. */
  private record Bean(VirtualThreadSchedulerMXBean scheduler) {
    static @Nullable Bean find() {
      var scheduler = ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
      return scheduler == null ? null : new Bean(scheduler);
    }

    int carriers() {
      return scheduler.getParallelism();
    }

    void setCarriers(int count) {
      scheduler.setParallelism(count);
    }

    int busyCarriers() {
      return scheduler.getMountedVirtualThreadCount();
    }

    long queued() {
      return scheduler.getQueuedVirtualThreadCount();
    }
  }

  /** Whether {@link #setCarriers} has an effect. */
  public static boolean canBeChanged() {
    return BEAN != null;
  }

  /** How many carriers it may use at a time. */
  public static int carriers() {
    return BEAN == null ? CARRIERS_AT_THE_START : BEAN.carriers();
  }

  /** Lets it use so many. */
  public static void setCarriers(int count) {
    if (BEAN != null) {
      BEAN.setCarriers(count);
    }
  }

  /** How many carriers run a virtual thread now; 0 where the JVM does not tell. */
  public static int busyCarriers() {
    return BEAN == null ? 0 : BEAN.busyCarriers();
  }

  /** How many virtual threads wait for a carrier, about; 0 where the JVM does not tell. */
  public static long queued() {
    return BEAN == null ? 0 : Math.max(0, BEAN.queued());
  }
}
