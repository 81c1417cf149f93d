package io.plainweave.internal.admission;

import com.sun.management.UnixOperatingSystemMXBean;
import io.plainweave.internal.thread.JdkModules;
import java.lang.management.ManagementFactory;

/**
 * How many descriptors this process may have (RLIMIT_NOFILE, getrlimit(2)).
 *
 * @param limit how many in all
 */
public record Descriptors(long limit) {
  /**
   * A JVM with a server has 20 to 40 open itself; the rest is for a class or a log to be opened.
   */
  private static final int LEAST_RESERVE = 64;

  private static final int MOST_RESERVE = 200;

  /**
   * Those of this process; as many as one can think of where the system does not tell, or the JVM
   * lacks the module that asks it.
   */
  public static Descriptors ofThisProcess() {
    return new Descriptors(JdkModules.MANAGEMENT ? told() : Long.MAX_VALUE);
  }

  private static long told() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
            && unix.getMaxFileDescriptorCount() > 0
        ? unix.getMaxFileDescriptorCount()
        : Long.MAX_VALUE;
  }

  /**
   * How many are not for connections: 64, and one in twenty, up to 200. Handlers that open files or
   * other connections need more, and know it better.
   */
  long reserve() {
    return Math.min(MOST_RESERVE, LEAST_RESERVE + limit / 20);
  }

  /** How many connections there may be. */
  public int connections() {
    return (int) Math.clamp(limit - reserve(), 1L, (long) Integer.MAX_VALUE);
  }
}
