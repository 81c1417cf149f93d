package io.plainweave.internal.admission;

import io.plainweave.internal.time.Ticks;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;

/**
 * Limits the connections while memory is short: when a garbage collection has left more than nine
 * tenths of the old generation in use, no more connections are let in than there were then. What is
 * in use between collections says nothing, since most of it may be garbage.
 *
 * <p>Only a collection can tell that there is memory again, and where nothing is allocated there is
 * none. So after ten seconds without one, another connection is let in: what connections allocate
 * brings a collection about before memory ends. Only the reaper's thread uses it.
 */
final class MemoryWatch {
  /** A limit that is none. */
  static final int NO_LIMIT = Integer.MAX_VALUE;

  static final int TICKS_WITHOUT_COLLECTION = 10_000 / Ticks.MILLIS;

  /** What there is to see of the heap. */
  interface Heap {
    /** How many bytes of the old generation the latest collection has left in use. */
    long left();

    /** Whether that is too much, and no less is in use now. */
    boolean isFull();
  }

  private final Heap heap;

  private int maximum = NO_LIMIT;

  /** What the latest known collection has left. */
  private long left;

  /** The tick at which that was new, or a connection was let in since nothing was. */
  private int since;

  MemoryWatch() {
    this(new OldGeneration());
  }

  MemoryWatch(Heap heap) {
    this.heap = heap;
  }

  /** How many connections there may be, with so many open now; called at every tick. */
  int maximum(int connections, int now) {
    if (!heap.isFull()) {
      maximum = NO_LIMIT;
      return maximum;
    }
    long latest = heap.left();
    if (maximum == NO_LIMIT) {
      // One is let in even then: there may be nobody else who allocates.
      maximum = Math.max(1, connections);
      since = now;
    } else if (latest != left) {
      since = now;
    } else if (now - since >= TICKS_WITHOUT_COLLECTION && connections >= maximum) {
      maximum = connections + 1;
      since = now;
    }
    left = latest;
    return maximum;
  }

  /**
   * The memory in which objects grow old. Its collections are told by what they have left, since
   * their number misleads: G1 counts those of the young generation as well.
   */
  private static final class OldGeneration implements Heap {
    /** Only they can be asked for a threshold of use. */
    private final List<MemoryPoolMXBean> pools =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP && pool.isUsageThresholdSupported())
            .toList();

    @Override
    public long left() {
      long left = 0;
      for (MemoryPoolMXBean pool : pools) {
        MemoryUsage usage = pool.getCollectionUsage();
        left += usage == null ? 0 : usage.getUsed();
      }
      return left;
    }

    @Override
    public boolean isFull() {
      for (MemoryPoolMXBean pool : pools) {
        MemoryUsage left = pool.getCollectionUsage();
        // A young collection of G1 can free large objects, and then there is less now.
        if (left != null && isFull(left) && isFull(pool.getUsage())) {
          return true;
        }
      }
      return false;
    }

    private static boolean isFull(MemoryUsage usage) {
      return usage.getMax() > 0 && usage.getUsed() > usage.getMax() / 10 * 9;
    }
  }
}
