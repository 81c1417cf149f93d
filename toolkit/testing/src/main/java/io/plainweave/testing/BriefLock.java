package io.plainweave.testing;

import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock that is held for moments, and by threads that do not wait meanwhile. Who does not get it
 * tries again, and never parks: an event loop that parked in a queue behind a virtual thread, which
 * the loop itself has to run, would wait for ever.
 */
final class BriefLock extends ReentrantLock {
  @Override
  public void lock() {
    while (!tryLock()) {
      Thread.onSpinWait();
    }
  }
}
