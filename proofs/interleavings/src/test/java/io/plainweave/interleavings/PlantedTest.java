package io.plainweave.interleavings;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.interleavings.explorer.Interleavings;
import io.plainweave.interleavings.explorer.Scenario;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * A checker that instruments nothing passes everything, and does not say so. Thus it has to find
 * what is planted here before the rest is believed.
 */
@DisplayName("The checker of interleavings")
class PlantedTest {
  /** Two threads that count without a lock. */
  static final class Counting extends Scenario {
    private int count;

    @Override
    protected void prepare() {
      thread(() -> count++);
      thread(() -> count++);
    }

    @Override
    protected void check() {
      must(count == 2, "one has written over the other");
    }
  }

  /** The same of what lambdas have captured. */
  static final class CountingCaptured extends Scenario {
    private Runnable check;

    @Override
    protected void prepare() {
      var count = new AtomicInteger();
      thread(() -> count.set(count.get() + 1));
      thread(() -> count.set(count.get() + 1));
      check = () -> must(count.get() == 2, "one has written over the other");
    }

    @Override
    protected void check() {
      check.run();
    }
  }

  /** A thread that looks, and waits after it was woken. */
  static final class Parking extends Scenario {
    private volatile boolean done;
    private volatile Thread waiting;

    @Override
    protected void prepare() {
      thread(() -> {
        if (!done) {
          waiting = Thread.currentThread();
          LockSupport.park();
        }
      });
      thread(() -> {
        done = true;
        LockSupport.unpark(waiting);
      });
    }
  }

  /** Two locks, taken in two orders. */
  static final class Locking extends Scenario {
    private final ReentrantLock one = new ReentrantLock();
    private final ReentrantLock other = new ReentrantLock();

    @Override
    protected void prepare() {
      thread(() -> lock(one, other));
      thread(() -> lock(other, one));
    }

    private static void lock(ReentrantLock first, ReentrantLock second) {
      first.lock();
      second.lock();
      second.unlock();
      first.unlock();
    }
  }

  /** A thread that signals one of those who wait, though all may go on. */
  static class Signalling extends Scenario {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean done;

    @Override
    protected void prepare() {
      thread(this::await);
      thread(this::await);
      thread(this::tell);
    }

    private void await() throws InterruptedException {
      lock.lock();
      try {
        while (!done) {
          changed.await();
        }
      } finally {
        lock.unlock();
      }
    }

    private void tell() {
      lock.lock();
      try {
        done = true;
        signal(changed);
      } finally {
        lock.unlock();
      }
    }

    void signal(Condition changed) {
      changed.signal();
    }
  }

  /** The same, with nothing wrong. */
  static final class SignallingAll extends Signalling {
    @Override
    void signal(Condition changed) {
      changed.signalAll();
    }
  }

  /** Needs a thread to lose its turn at three places. */
  static final class Thrice extends Scenario {
    private volatile int a;
    private volatile int b;
    private boolean met;

    @Override
    protected void prepare() {
      thread(() -> {
        a = 1;
        a = 2;
        a = 3;
      });
      thread(() -> {
        b = 1;
        if (a == 1) {
          b = 2;
          met = a == 2;
        }
      });
    }

    @Override
    protected void check() {
      must(!met, "they have met");
    }
  }

  private static String found(Class<? extends Scenario> scenario) {
    return Interleavings.tried(scenario, Optional.empty()).found().orElse("nothing");
  }

  @Test
  void findsARaceForAField() {
    assertTrue(found(Counting.class).contains("one has written over the other"));
  }

  @Test
  void findsARaceForWhatLambdasHaveCaptured() {
    assertTrue(found(CountingCaptured.class).contains("one has written over the other"));
  }

  @Test
  void findsAWakeUpThatIsLost() {
    assertTrue(found(Parking.class).contains("nobody can go on: thread 1"));
  }

  @Test
  void findsADeadlock() {
    assertTrue(found(Locking.class).contains("nobody can go on: thread 1"));
  }

  @Test
  void findsWhoIsNotSignalled() {
    assertTrue(found(Signalling.class).contains("nobody can go on: thread 2"));
  }

  @Test
  void findsWhatNeedsSeveralSwitches() {
    assertTrue(found(Thrice.class).contains("they have met"));
  }

  @Test
  void findsNothingWhereNothingIsWrong() {
    assertFalse(Interleavings.tried(SignallingAll.class, Optional.empty()).found().isPresent());
  }
}
