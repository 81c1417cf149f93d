package io.plainweave;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Arrays;
import java.util.List;

/**
 * Notices when memory is short: when a garbage collection has left more than nine tenths of the old
 * generation in use. What is in use between collections says nothing, since most of it may be
 * garbage.
 *
 * <p>A finding counts for a second. Where memory is short in earnest, collections follow each other
 * faster; where nothing is allocated any more, there would not be another to withdraw it. Only the
 * reaper's thread uses it.
 */
final class MemoryWatch {
  private static final int TICKS_BETWEEN_LOOKS = 500 / Ticks.MILLIS;
  private static final int TICKS_OF_A_FINDING = 1_000 / Ticks.MILLIS;

  /** Those in which objects grow old: only they can be asked for a threshold of use. */
  private final List<MemoryPoolMXBean> pools =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP && pool.isUsageThresholdSupported())
          .toList();

  private final List<GarbageCollectorMXBean> collectors =
      ManagementFactory.getGarbageCollectorMXBeans().stream()
          .filter(collector ->
              pools.stream()
                  .anyMatch(pool ->
                      Arrays.asList(collector.getMemoryPoolNames()).contains(pool.getName())))
          .toList();

  private long collections = countCollections();
  private int nextLook;
  private int findingUntil;
  private boolean isShort;

  private long countCollections() {
    return collectors.stream().mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
  }

  boolean isShort(int now) {
    if (now - nextLook >= 0) {
      nextLook = now + TICKS_BETWEEN_LOOKS;
      long count = countCollections();
      if (count != collections) {
        collections = count;
        isShort = pools.stream().anyMatch(MemoryWatch::isFull);
        findingUntil = now + TICKS_OF_A_FINDING;
      }
    }
    return isShort && now - findingUntil < 0;
  }

  private static boolean isFull(MemoryPoolMXBean pool) {
    MemoryUsage left = pool.getCollectionUsage();
    return left != null && left.getMax() > 0 && left.getUsed() > left.getMax() / 10 * 9;
  }
}
