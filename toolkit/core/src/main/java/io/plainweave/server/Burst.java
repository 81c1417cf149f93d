package io.plainweave.server;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells of something that may happen hundreds of times a second: at once when it begins, then every
 * ten seconds how often it has happened since. None is left out: what comes after the last of these
 * is told when its time has come, or at the end.
 *
 * @param <T> what is told of the latest one
 */
final class Burst<T> {
  private static final long INTERVAL = TimeUnit.SECONDS.toNanos(10);

  private final ObjIntConsumer<T> teller;
  private final LongSupplier clock;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by lock.
  private int count;
  private @Nullable T latest;
  private long due;

  /** Makes one that reports the latest, and how many there were since the last report. */
  Burst(ObjIntConsumer<T> teller) {
    this(teller, System::nanoTime);
  }

  Burst(ObjIntConsumer<T> teller, LongSupplier clock) {
    this.teller = teller;
    this.clock = clock;
    this.due = clock.getAsLong();
  }

  /** Counts one, and reports if it is time. */
  void add(T one) {
    tell(one, false);
  }

  /** Tells what was not told, if it is time. */
  void check() {
    tell(null, false);
  }

  /** Tells what was not told. */
  void close() {
    tell(null, true);
  }

  private void tell(@Nullable T added, boolean now) {
    T what;
    int told;
    lock.lock();
    try {
      if (added != null) {
        latest = added;
        count++;
      }
      what = latest;
      told = count;
      if (what == null || (!now && clock.getAsLong() - due < 0)) {
        return;
      }
      latest = null;
      count = 0;
      due = clock.getAsLong() + INTERVAL;
    } finally {
      lock.unlock();
    }
    // Not under the lock: a log that blocks one thread must not block the reaper.
    teller.accept(what, told);
  }
}
