package io.plainweave.simulation.machine;

import java.util.concurrent.ThreadFactory;

/**
 * Stands in the place of a builder of platform threads: in a simulation all threads are virtual.
 */
public final class PlatformThreads {
  private final Thread.Builder.OfVirtual builder = Seams.ofVirtual();

  PlatformThreads() {}

  public PlatformThreads name(String name) {
    builder.name(name);
    return this;
  }

  public PlatformThreads name(String prefix, long start) {
    builder.name(prefix, start);
    return this;
  }

  /** Has no effect: the process does not wait for simulated threads. */
  public PlatformThreads daemon() {
    return this;
  }

  public PlatformThreads daemon(boolean on) {
    return this;
  }

  public PlatformThreads inheritInheritableThreadLocals(boolean inherit) {
    builder.inheritInheritableThreadLocals(inherit);
    return this;
  }

  public PlatformThreads uncaughtExceptionHandler(Thread.UncaughtExceptionHandler handler) {
    builder.uncaughtExceptionHandler(handler);
    return this;
  }

  public Thread unstarted(Runnable task) {
    return builder.unstarted(task);
  }

  public Thread start(Runnable task) {
    return builder.start(task);
  }

  public ThreadFactory factory() {
    return builder.factory();
  }
}
