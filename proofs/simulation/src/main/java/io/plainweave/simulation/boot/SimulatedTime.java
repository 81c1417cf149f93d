package io.plainweave.simulation.boot;

/**
 * What time it is for simulated threads. It is loaded by the loader of the JDK's own classes, since
 * those ask it as well: what waits for a condition or a semaphore for a while measures that by
 * itself.
 */
public final class SimulatedTime {
  /** Moved by the thread that runs the simulation, on which all simulated threads run. */
  public static volatile long nanos;

  /** Whether a simulation runs. Then every virtual thread of the process is simulated. */
  public static volatile boolean runs;

  private SimulatedTime() {}

  /** Stands in the place of {@link System#nanoTime()}. */
  public static long nanoTime() {
    return runs && Thread.currentThread().isVirtual() ? nanos : System.nanoTime();
  }
}
