package io.plainweave.internal.transport;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.plainweave.internal.thread.JdkModules;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/**
 * The memory outside of the heap from which direct buffers come: how much this process may have
 * ({@code -XX:MaxDirectMemorySize}, or else as much as the heap), and has.
 *
 * @param limit how many bytes
 * @param pool what counts them; empty where nobody does
 */
public record DirectMemory(long limit, Optional<BufferPoolMXBean> pool) {
  public static DirectMemory ofThisProcess() {
    long asked = JdkModules.MANAGEMENT ? option() : 0;
    return new DirectMemory(
        asked > 0 ? asked : Runtime.getRuntime().maxMemory(),
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .findFirst());
  }

  /** As the option of the JVM says; 0 if it is not set, or this JVM has no such option. */
  private static long option() {
    var jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    try {
      return jvm == null ? 0 : Long.parseLong(jvm.getVMOption("MaxDirectMemorySize").getValue());
    } catch (IllegalArgumentException notThere) {
      return 0;
    }
  }

  public long used() {
    return pool.map(BufferPoolMXBean::getMemoryUsed).orElse(0L);
  }

  /**
   * Whether so many bytes more leave a quarter of it to others: the JDK needs some for every read
   * and write of a heap buffer, and a program may have buffers of its own. Who meets the limit
   * itself waits half a second for collections before it fails (Bits.reserveMemory).
   */
  boolean hasRoomFor(int bytes) {
    return used() + bytes <= limit / 4 * 3;
  }
}
