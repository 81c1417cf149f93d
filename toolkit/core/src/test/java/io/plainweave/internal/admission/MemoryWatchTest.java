package io.plainweave.internal.admission;

import static io.plainweave.internal.admission.MemoryWatch.NO_LIMIT;
import static io.plainweave.internal.admission.MemoryWatch.TICKS_WITHOUT_COLLECTION;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The watch over memory")
@Timeout(30)
class MemoryWatchTest {
  /** A heap whose collections are the test's. */
  private static final class Heap implements MemoryWatch.Heap {
    private long left;
    private boolean full;

    void collect(boolean leavesTooMuch) {
      left++;
      full = leavesTooMuch;
    }

    @Override
    public long left() {
      return left;
    }

    @Override
    public boolean isFull() {
      return full;
    }
  }

  private final Heap heap = new Heap();
  private final MemoryWatch watch = new MemoryWatch(heap);

  /** Ticks wrap around in the middle of each of these tests. */
  private int now = Integer.MAX_VALUE - 50;

  private int maximum(int connections) {
    return watch.maximum(connections, now++);
  }

  @Test
  void limitsNothingWhileThereIsMemory() {
    heap.collect(false);
    for (int i = 0; i < 1_000; i++) {
      assertEquals(NO_LIMIT, maximum(1_000_000));
    }
  }

  @Test
  void allowsAsManyConnectionsAsThereWereUntilACollectionFindsMemory() {
    heap.collect(true);
    assertEquals(100, maximum(100));
    // However few there are meanwhile, of which the next collection may know nothing.
    for (int i = 0; i < 1_000; i++) {
      heap.collect(true);
      assertEquals(100, maximum(i % 2 == 0 ? 3 : 100));
    }
    heap.collect(false);
    assertEquals(NO_LIMIT, maximum(100));
    heap.collect(true);
    assertEquals(7, maximum(7));
  }

  @Test
  void allowsOneConnectionWhereThereIsNone() {
    heap.collect(true);
    assertEquals(1, maximum(0));
  }

  @Test
  void letsOneMoreInWhereThereWasNoCollectionForLong() {
    heap.collect(true);
    assertEquals(100, maximum(100));
    for (int most = 100; most < 103; most++) {
      for (int i = 1; i < TICKS_WITHOUT_COLLECTION; i++) {
        assertEquals(most, maximum(most), "in tick " + i);
      }
      assertEquals(most + 1, maximum(most));
    }
  }

  @Test
  void letsNoneMoreInWhereThereIsRoom() {
    heap.collect(true);
    assertEquals(100, maximum(100));
    for (int i = 0; i < 3 * TICKS_WITHOUT_COLLECTION; i++) {
      assertEquals(100, maximum(99));
    }
  }
}
