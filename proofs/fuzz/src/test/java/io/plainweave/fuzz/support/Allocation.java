package io.plainweave.fuzz.support;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;

/** How many bytes a thread may allocate for an input. */
public final class Allocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** The first times, classes are loaded and what they keep is made. */
  private static final int TRIES = 4;

  private Allocation() {}

  /**
   * Does something, and fails if it takes more memory than it may. What it returns must be the same
   * each time.
   */
  public static <T> T atMost(long bytes, Supplier<T> work) {
    for (int i = 1; ; i++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      T result = work.get();
      long taken = THREADS.getCurrentThreadAllocatedBytes() - before;
      if (taken <= bytes) {
        return result;
      }
      if (i == TRIES) {
        throw new Finding(taken + " bytes are allocated; the limit is " + bytes);
      }
    }
  }
}
