package io.plainweave.internal.admission;

import io.plainweave.admission.Rate;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Limits how often each source may come. It knows the sources that came most recently: one that
 * goes on is forgotten only if as many others come between two of its turns.
 */
public final class SourceRates {
  /** So many sources that come and go, as from a network of IPv6, cost a few megabytes at most. */
  private static final int MOST_SOURCES = 16_384;

  private final ReentrantLock lock = new ReentrantLock();

  /** The latest at the end; guarded by lock. */
  private final LinkedHashMap<PeerKey, TokenBucket> buckets = new LinkedHashMap<>(16, 0.75f, true);

  /** Notes that a source has come at this time; false if it comes too often. */
  public boolean take(Rate rate, InetAddress source, long now) {
    if (rate.isUnlimited()) {
      return true;
    }
    lock.lock();
    try {
      // One that is not among the most recent begins anew, with a full bucket.
      TokenBucket bucket =
          buckets.computeIfAbsent(PeerKey.ofSource(source), _ -> new TokenBucket(now));
      if (!bucket.tryTake(rate, now)) {
        return false;
      }
      while (buckets.size() > MOST_SOURCES || buckets.firstEntry().getValue().isFull(now)) {
        buckets.pollFirstEntry();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets how often sources came. */
  void clear() {
    lock.lock();
    try {
      buckets.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Of how many sources it is known how often they came. */
  public int size() {
    lock.lock();
    try {
      return buckets.size();
    } finally {
      lock.unlock();
    }
  }
}
