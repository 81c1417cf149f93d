package io.plainweave;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts open connections against a maximum, exactly: a permit is taken before a handler runs, and
 * given back once, when the socket is closed.
 */
final class ConnectionLimit {
  private final int maximum;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Guarded by lock. */
  private int inUse;

  /** Guarded by lock. */
  private boolean suspended;

  /** Guarded by lock. */
  private boolean closed;

  ConnectionLimit(int maximum) {
    this.maximum = maximum;
  }

  /**
   * Waits until there is a permit, without taking it: an acceptor asks before it accepts, so that
   * connections beyond the limit wait in the kernel's backlog, and holds nothing while it waits for
   * one, since other acceptors may need it.
   *
   * @return false when the limit is closed
   */
  boolean awaitPermit() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!isFree() && !closed) {
        changed.await();
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private boolean isFree() {
    return !suspended && inUse < maximum;
  }

  /**
   * Takes a permit, after a wait if another acceptor was faster.
   *
   * @return false when the limit is closed and there is none
   */
  boolean acquire() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (!awaitPermit() && !isFree()) {
        return false;
      }
      inUse++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  void release() {
    lock.lock();
    try {
      inUse--;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Lets everybody wait for a permit until it is resumed. */
  void suspend(boolean suspended) {
    lock.lock();
    try {
      this.suspended = suspended;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends every wait: no permit is given any more. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  int inUse() {
    lock.lock();
    try {
      return inUse;
    } finally {
      lock.unlock();
    }
  }
}
