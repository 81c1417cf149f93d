package io.plainweave.simulation.machine;

import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.util.Random;

/** What rewritten classes call in place of the JDK. The names are those of the JDK. */
public final class Seams {
  private Seams() {}

  /** A step that other threads may see: here another one may have its turn. */
  public static void point() {
    Machine machine = Machine.current();
    if (machine != null && Thread.currentThread().isVirtual()) {
      machine.point();
    }
  }

  public static Thread.Builder.OfVirtual ofVirtual() {
    return JdkInternals.virtualThreadsOn(Machine.SCHEDULER);
  }

  public static PlatformThreads ofPlatform() {
    return new PlatformThreads();
  }

  public static Thread startVirtualThread(Runnable task) {
    return ofVirtual().start(task);
  }

  /** Who spins waits for a thread that only has its turn when this one gives way. */
  @SuppressWarnings("ThreadPriorityCheck")
  public static void onSpinWait() {
    if (Thread.currentThread().isVirtual()) {
      Thread.yield();
    } else {
      Thread.onSpinWait();
    }
  }

  public static Selector openSelector() {
    return new SimulatedSelector();
  }

  public static Pipe openPipe() {
    return new SimulatedPipe();
  }

  public static Random current() {
    Machine machine = Machine.current();
    return machine == null ? new Random() : machine.random();
  }
}
