package io.plainweave.server;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The state of a server, and what waits for it to change. */
final class Lifecycle {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Written under lock. */
  private volatile ServerState state = ServerState.NEW;

  /** Acceptors whose connections have not all ended; guarded by lock. */
  private int acceptors;

  ServerState state() {
    return state;
  }

  /** Sets how many acceptors there will be, before the first of them runs. */
  void expect(int acceptors) {
    lock.lock();
    try {
      this.acceptors = acceptors;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Moves to a later state.
   *
   * @return false if the server is already there or further
   */
  boolean advanceTo(ServerState next) {
    lock.lock();
    try {
      if (state.isAtLeast(next)) {
        return false;
      }
      state = next;
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Tells that an acceptor has ended, and with it all its connections. */
  void acceptorEnded() {
    lock.lock();
    try {
      acceptors--;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the state is at least the given one; false if the time has run out before. */
  boolean await(ServerState least, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (!state.isAtLeast(least)) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the state is no longer the known one, or for a time.
   *
   * @return true when the reaper is to go on: connections are left and have not been cancelled
   */
  boolean awaitChange(ServerState known, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (state == known && acceptors > 0 && left > 0) {
        left = changed.awaitNanos(left);
      }
      return acceptors > 0 && !state.isAtLeast(ServerState.CANCELLING);
    } finally {
      lock.unlock();
    }
  }
}
