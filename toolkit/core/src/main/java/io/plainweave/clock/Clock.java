package io.plainweave.clock;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * By what time limits are measured. That is the time of the machine; a test binds one that it moves
 * to the thread that makes a server or a client, which then keeps to it.
 */
public interface Clock {
  /** Bound by tests only, and by what was made there. */
  ScopedValue<Clock> CURRENT = ScopedValue.newInstance();

  /** That of the machine. */
  Clock MACHINE =
      new Clock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void parkNanos(long nanos) {
          LockSupport.parkNanos(nanos);
        }

        @Override
        public long mostToWait(long nanos) {
          return nanos;
        }

        @Override
        public boolean movesItself(Runnable tick) {
          return true;
        }

        @Override
        public void forget(Runnable tick) {
          // Nothing was kept.
        }
      };

  /** That of the calling thread. */
  static Clock current() {
    return CURRENT.isBound() ? CURRENT.get() : MACHINE;
  }

  /** As {@link System#nanoTime()}. */
  long nanoTime();

  /** As {@link LockSupport#parkNanos(long)}. */
  void parkNanos(long nanos);

  /**
   * How long a thread may wait by the time of the machine, in nanoseconds, before it looks again
   * whether so much time has passed by this clock.
   */
  long mostToWait(long nanos);

  /**
   * Whether time passes by itself. If it does not, ticks have to be told, and a test tells them, in
   * a thread of its own.
   *
   * @param tick is called at each tick, until it is to be forgotten; and not at all if this is true
   */
  boolean movesItself(Runnable tick);

  /** Calls it no more. */
  void forget(Runnable tick);

  /** What waits for so long, and says whether it has what it waits for. */
  @FunctionalInterface
  interface Wait {
    boolean within(long time, TimeUnit unit) throws InterruptedException;
  }

  /**
   * Waits by this clock.
   *
   * @param nanos how long at most
   * @param wait waits for a part of it, or all
   * @return what the last one has said
   */
  default boolean await(long nanos, Wait wait) throws InterruptedException {
    long begin = nanoTime();
    boolean done;
    long left = nanos;
    do {
      done = wait.within(mostToWait(left), TimeUnit.NANOSECONDS);
      left = nanos - (nanoTime() - begin);
    } while (!done && left > 0);
    return done;
  }
}
