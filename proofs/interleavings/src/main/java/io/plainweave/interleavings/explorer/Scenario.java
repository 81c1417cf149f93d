package io.plainweave.interleavings.explorer;

import java.util.ArrayList;
import java.util.List;

/**
 * Some threads that meet at one machine, and what must hold when all have ended. An object of it is
 * one run, in one order of their steps.
 */
public abstract class Scenario {
  /** What a thread does. */
  @FunctionalInterface
  public interface Step {
    void run() throws Exception;
  }

  private final List<Step> threads = new ArrayList<>();

  /** Makes the machine and the {@linkplain #thread threads}, which do not run yet. */
  protected abstract void prepare() throws Exception;

  /** Fails if what must hold does not; called when all threads have ended. */
  protected void check() throws Exception {}

  /** Adds a thread. */
  protected final void thread(Step step) {
    threads.add(step);
  }

  final List<Step> threads() {
    return threads;
  }

  /** Fails with the reason unless the condition holds. */
  protected static void must(boolean condition, String otherwise) {
    if (!condition) {
      throw new AssertionError(otherwise);
    }
  }
}
