package io.plainweave;

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

  /** Makes one that tells the latest, and how many there were since it was told last. */
  Burst(ObjIntConsumer<T> teller) {
    this(teller, System::nanoTime);
  }

  Burst(ObjIntConsumer<T> teller, LongSupplier clock) {
    this.teller = teller;
    this.clock = clock;
    this.due = clock.getAsLong();
  }

  /** Counts one, and tells if it is time. */
  void add(T one) {
    lock.lock();
    try {
      latest = one;
      count++;
      tellIf(clock.getAsLong() - due >= 0);
    } finally {
      lock.unlock();
    }
  }

  /** Tells what was not told, if it is time. */
  void check() {
    lock.lock();
    try {
      tellIf(clock.getAsLong() - due >= 0);
    } finally {
      lock.unlock();
    }
  }

  /** Tells what was not told. */
  void close() {
    lock.lock();
    try {
      tellIf(true);
    } finally {
      lock.unlock();
    }
  }

  private void tellIf(boolean now) {
    T what = latest;
    if (!now || what == null) {
      return;
    }
    int told = count;
    latest = null;
    count = 0;
    due = clock.getAsLong() + INTERVAL;
    teller.accept(what, told);
  }
}
