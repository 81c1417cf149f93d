package io.plainweave;

import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Limits how often each source may do something, with a token bucket for each. It knows the sources
 * heard of last: one that goes on is never forgotten for others, however many those are.
 */
final class SourceRates {
  private static final int MOST_SOURCES = 10_000;

  private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final class Bucket {
    double tokens;
    long filledAt;

    Bucket(double tokens, long filledAt) {
      this.tokens = tokens;
      this.filledAt = filledAt;
    }
  }

  private final int perSecond;

  private final ReentrantLock lock = new ReentrantLock();

  /** In the order of their last use; guarded by lock. */
  private final LinkedHashMap<PeerKey, Bucket> buckets =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<PeerKey, Bucket> eldest) {
          return size() > MOST_SOURCES;
        }
      };

  /**
   * Makes one that knows no source.
   *
   * @param perSecond how often, and how many at once; 0 for no limit
   */
  SourceRates(int perSecond) {
    this.perSecond = perSecond;
  }

  /** Takes a token of this source, at this time in nanoseconds; false if there is none. */
  boolean take(InetAddress source, long now) {
    if (perSecond == 0) {
      return true;
    }
    lock.lock();
    try {
      Bucket bucket =
          buckets.computeIfAbsent(PeerKey.ofSource(source), _ -> new Bucket(perSecond, now));
      double since = Math.max(0, now - bucket.filledAt);
      bucket.tokens = Math.min(perSecond, bucket.tokens + since * perSecond / NANOS);
      bucket.filledAt = now;
      if (bucket.tokens < 1) {
        return false;
      }
      bucket.tokens--;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** How many sources it knows. */
  int size() {
    lock.lock();
    try {
      return buckets.size();
    } finally {
      lock.unlock();
    }
  }
}
