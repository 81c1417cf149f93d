package io.plainweave.server;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The state of a server, and what waits for it to change. */
final class Lifecycle {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Written under lock. */
  private volatile ServerState state = ServerState.NEW;

  // Acceptors whose connections have not all ended: of all listeners, and of those for
  // administration. Guarded by lock.
  private int acceptors;
  private int adminAcceptors;

  ServerState state() {
    return state;
  }

  /**
   * Notes how many more acceptors there will be, before the first of them runs.
   *
   * @param admin whether they are of a listener for administration
   */
  void expect(int more, boolean admin) {
    lock.lock();
    try {
      acceptors += more;
      adminAcceptors += admin ? more : 0;
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
  void acceptorEnded(boolean admin) {
    lock.lock();
    try {
      acceptors--;
      adminAcceptors -= admin ? 1 : 0;
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
   * @return true when the reaper is to go on: the server runs, or connections are left in its drain
   */
  boolean awaitChange(ServerState known, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (state == known && left > 0 && goesOn()) {
        left = changed.awaitNanos(left);
      }
      return goesOn();
    } finally {
      lock.unlock();
    }
  }

  /** A server that runs may have no listener for a while. */
  private boolean goesOn() {
    return !state.isAtLeast(ServerState.DRAINING)
        || (state == ServerState.DRAINING && acceptors > 0);
  }

  /** Whether there are connections of the service, or may be. */
  boolean isServing() {
    lock.lock();
    try {
      return acceptors > adminAcceptors;
    } finally {
      lock.unlock();
    }
  }
}
