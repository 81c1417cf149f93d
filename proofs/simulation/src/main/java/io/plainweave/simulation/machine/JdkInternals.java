package io.plainweave.simulation.machine;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;

/**
 * What a simulation needs of the JDK that is not public: {@code --add-opens
 * java.base/java.lang=ALL-UNNAMED}.
 */
final class JdkInternals {
  private static final Constructor<?> BUILDER;
  private static final ScheduledExecutorService[] TIMERS;

  static {
    try {
      BUILDER =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      BUILDER.setAccessible(true);
      Field timers =
          Class.forName("java.lang.VirtualThread$DelayedTaskSchedulers")
              .getDeclaredField("INSTANCE");
      timers.setAccessible(true);
      TIMERS = (ScheduledExecutorService[]) timers.get(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JDK has another inside: " + e, e);
    }
  }

  private JdkInternals() {}

  /** Makes virtual threads that run on a scheduler. */
  static Thread.Builder.OfVirtual virtualThreadsOn(Executor scheduler) {
    try {
      return (Thread.Builder.OfVirtual) BUILDER.newInstance(scheduler);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Lets timed waits of virtual threads that have a scheduler of their own end by these timers. */
  static void replaceTimers(ScheduledExecutorService by) {
    for (ScheduledExecutorService old : TIMERS) {
      if (old != by) {
        old.shutdown();
      }
    }
    Arrays.fill(TIMERS, by);
  }

  /** The thread that a task of a scheduler continues, which is a method reference to it. */
  static Thread threadOf(Runnable continuation) {
    try {
      Field captured = continuation.getClass().getDeclaredFields()[0];
      captured.setAccessible(true);
      return (Thread) captured.get(continuation);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JDK has another inside: " + e, e);
    }
  }
}
