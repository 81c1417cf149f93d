package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.TimeLimits;
import io.plainweave.internal.time.Ticks;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets only so many connections of a server at a time into a step of the handshake that costs much.
 * While others wait for a turn, nobody keeps one for long who only waits for its peer: else a few
 * peers that begin and stall would keep out everybody.
 */
public final class HandshakeTurns {
  /** More than the round trips of a handshake take, even by satellite. */
  private static final int GRACE = 1_000 / Ticks.MILLIS;

  private final Semaphore free;

  private final ReentrantLock lock = new ReentrantLock();

  /** Since which tick each of them has its turn, the oldest first; guarded by lock. */
  private final Map<Wire, Integer> holders = new LinkedHashMap<>();

  public HandshakeTurns(int count) {
    this.free = new Semaphore(count);
  }

  /** Takes a turn, after a wait if there is none; false if that takes too long. */
  boolean take(long mostMillis) throws InterruptedException {
    return free.tryAcquire() || free.tryAcquire(mostMillis, TimeUnit.MILLISECONDS);
  }

  /** Notes who has taken a turn. */
  void begin(Wire connection) {
    lock.lock();
    try {
      holders.put(connection, connection.now());
    } finally {
      lock.unlock();
    }
  }

  /** Takes the turn back, whether or not its beginning could be noted. */
  void end(Wire connection) {
    lock.lock();
    try {
      holders.remove(connection);
    } finally {
      lock.unlock();
      free.release();
    }
  }

  /** How many wait for a turn. */
  int waiting() {
    return free.getQueueLength();
  }

  /**
   * Ends as many of those who wait for their peers as there are others that wait for a turn, the
   * oldest first; called by the reaper.
   */
  public void check(int now) {
    int wanted = waiting();
    if (wanted == 0) {
      return;
    }
    lock.lock();
    try {
      // Under the lock, so that none of them is through with its handshake meanwhile.
      holders.entrySet().stream()
          .takeWhile(holder -> now - holder.getValue() >= GRACE)
          .map(Map.Entry::getKey)
          .filter(holder -> holder.channel().isAwaited())
          .limit(wanted)
          .forEach(stalled -> stalled.abort(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE)));
    } finally {
      lock.unlock();
    }
  }
}
