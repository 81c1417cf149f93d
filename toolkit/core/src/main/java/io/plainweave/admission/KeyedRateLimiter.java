package io.plainweave.admission;

import java.util.LinkedHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Keeps what each of many does within the same {@link Rate}: the logins of each user, the requests
 * of each address.
 *
 * {@snippet file="io/plainweave/admission/KeyedRateLimiterTest.java" region="logins"}
 *
 * <p>It knows those who have come most recently, a bounded number of them. One whose time is over
 * takes no memory; one that goes on is forgotten, and begins anew, only if as many others come
 * between two of its turns.
 *
 * <p>All methods may be called by any thread. The time is that of {@link System#nanoTime()}.
 *
 * @param <K> what they are known by, with {@code equals} and {@code hashCode} for its value
 */
public final class KeyedRateLimiter<K> {
  private final LongSupplier clock;
  private final int maxKeys;
  private final ReentrantLock lock = new ReentrantLock();

  /** The latest at the end; guarded by lock. */
  private final LinkedHashMap<K, RateBucket> buckets = new LinkedHashMap<>(16, 0.75f, true);

  /** Guarded by lock. */
  private Rate rate;

  private KeyedRateLimiter(Rate rate, int maxKeys, LongSupplier clock) {
    if (maxKeys < 1) {
      throw new IllegalArgumentException("maxKeys must be at least 1: " + maxKeys);
    }
    this.rate = rate;
    this.maxKeys = maxKeys;
    this.clock = clock;
  }

  /**
   * Makes a limiter by which nobody has taken anything yet.
   *
   * @param <K> what they are known by
   * @param rate how often each of them may do something
   * @param maxKeys of how many it is known at most; about a hundred bytes for each, and its key
   * @return the limiter
   * @throws IllegalArgumentException if {@code maxKeys} is less than 1
   */
  public static <K> KeyedRateLimiter<K> of(Rate rate, int maxKeys) {
    return of(rate, maxKeys, System::nanoTime);
  }

  /** For tests, by a clock in nanoseconds of their own. */
  static <K> KeyedRateLimiter<K> of(Rate rate, int maxKeys, LongSupplier clock) {
    return new KeyedRateLimiter<>(rate, maxKeys, clock);
  }

  /**
   * Notes that one of them does something, if it may. Never waits.
   *
   * @param key who it is
   * @return false if it would be too often; nothing is noted then
   */
  public boolean tryAcquire(K key) {
    lock.lock();
    try {
      long now = clock.getAsLong();
      RateBucket bucket = buckets.computeIfAbsent(key, _ -> new RateBucket(now));
      boolean may = bucket.nanosToNext(rate, now) <= 0;
      if (may) {
        bucket.take(rate, 1, now);
      }
      while (buckets.size() > maxKeys
          || (!buckets.isEmpty() && buckets.firstEntry().getValue().isFull(now))) {
        buckets.pollFirstEntry();
      }
      return may;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns the rate.
   *
   * @return that of this moment
   */
  public Rate rate() {
    lock.lock();
    try {
      return rate;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Changes the rate of all. What they have done just before counts on.
   *
   * @param rate how often each of them may do something from now on
   */
  public void changeRate(Rate rate) {
    lock.lock();
    try {
      long now = clock.getAsLong();
      buckets.values().forEach(bucket -> bucket.change(this.rate, rate, now));
      this.rate = rate;
    } finally {
      lock.unlock();
    }
  }

  /** Of how many it is known how often they came. */
  int size() {
    lock.lock();
    try {
      return buckets.size();
    } finally {
      lock.unlock();
    }
  }
}
