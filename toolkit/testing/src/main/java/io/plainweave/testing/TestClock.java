package io.plainweave.testing;

import io.plainweave.clock.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A clock that stands still until a test moves it. What is made by it keeps to it: the {@link
 * io.plainweave.TimeLimits} and the drain of a server, {@link io.plainweave.Deadline}, the retries
 * of a {@link io.plainweave.client.Connector}, the ages and waits of a {@link
 * io.plainweave.client.ConnectionPool}, and the delays of a {@link Link}. So a limit of an hour is
 * tested at once:
 *
 * {@snippet file="io/plainweave/testing/GuideTest.java" region="clock"}
 *
 * <p>Time passes in steps of a tenth of a second, as those limits are measured. After a step that
 * has woken threads, the clock waits until all virtual threads of the process rest again, so that
 * each has its time to react, and at most ten seconds of real time for those that compute. By real
 * time go {@link io.plainweave.admission.Rate}s, the heartbeat of an {@link
 * io.plainweave.messaging.Outbox}, the end of {@link io.plainweave.server.Services}, datagrams, and
 * whatever a handler waits for by itself ({@link Thread#sleep}); for {@link
 * io.plainweave.admission.RateLimiter} there is {@link #nanoTime()}.
 *
 * <p>All methods may be called by any thread; one that moves the clock waits for another that does.
 */
public final class TestClock {
  private static final long STEP = TimeUnit.MILLISECONDS.toNanos(100);

  private static final int STEPS_AT_ONCE = 50;
  private static final long MOMENT = TimeUnit.MILLISECONDS.toNanos(1);

  /** Something that is to happen, in the order of the times, and then of the calls. */
  private record Later(long due, long order, Runnable work) {}

  private final Rest rest = new Rest();
  private final AtomicLong now = new AtomicLong();
  private final List<Runnable> ticks = new CopyOnWriteArrayList<>();
  private final ReentrantLock moving = new ReentrantLock();
  private final BriefLock lock = new BriefLock();

  // Guarded by lock.

  private final Queue<Later> later =
      new PriorityQueue<>(Comparator.comparingLong(Later::due).thenComparingLong(Later::order));

  private long orders;

  private final Clock clock = new Inside();
  private final Timer timer = new Alarm();

  /** Makes a clock, which stands still. */
  public TestClock() {}

  /**
   * Lets time pass, in the calling thread, and returns when what it has caused has happened.
   *
   * @param time not negative; to the next tenth of a second
   * @throws IllegalArgumentException if it is negative
   */
  public void advance(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("a clock does not go back: " + time);
    }
    moving.lock();
    try {
      rest.await();
      for (long steps = Math.ceilDiv(time.toNanos(), STEP); steps > 0; steps--) {
        step();
        rest.awaitIfBroken();
      }
    } finally {
      moving.unlock();
    }
  }

  /** Lets time pass for as long as something goes on. */
  void advanceWhile(BooleanSupplier goesOn) {
    moving.lock();
    try {
      rest.await();
      for (int steps = 1; goesOn.getAsBoolean(); steps++) {
        step();
        rest.awaitIfBroken();
        if (steps % STEPS_AT_ONCE == 0) {
          // What threads of the system do shows in no figure.
          LockSupport.parkNanos(MOMENT);
        }
      }
    } finally {
      moving.unlock();
    }
  }

  private void step() {
    long end = now.get() + STEP;
    for (Later next; (next = takeUntil(end)) != null; ) {
      now.set(Math.max(now.get(), next.due));
      next.work.run();
      // Bytes that arrive wake their reader by a poller, which no figure shows.
      rest.await();
    }
    now.set(end);
    ticks.forEach(Runnable::run);
  }

  private @Nullable Later takeUntil(long end) {
    lock.lock();
    try {
      Later next = later.peek();
      return next != null && next.due - end <= 0 ? later.poll() : null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns what time it is.
   *
   * @return in nanoseconds since the clock was made
   */
  public long nanoTime() {
    return now.get();
  }

  private void add(long nanos, Runnable work) {
    lock.lock();
    try {
      long due = now.get() + Math.min(nanos, Long.MAX_VALUE / 2);
      later.add(new Later(due, orders++, work));
    } finally {
      lock.unlock();
    }
  }

  /** How the toolkit sees it. */
  Clock clock() {
    return clock;
  }

  Timer timer() {
    return timer;
  }

  /** What goes by it now; for the check that nothing is left. */
  List<Runnable> attached() {
    return new ArrayList<>(ticks);
  }

  private final class Inside implements Clock {
    /** So often it is looked whether the time has passed. */
    private static final long LOOK = 20_000_000;

    @Override
    public long nanoTime() {
      return now.get();
    }

    @Override
    public void parkNanos(long nanos) {
      Thread waiting = Thread.currentThread();
      var over = new AtomicBoolean();
      add(
          nanos,
          () -> {
            over.set(true);
            LockSupport.unpark(waiting);
          });
      if (!over.get()) {
        LockSupport.park(this);
      }
    }

    @Override
    public long mostToWait(long nanos) {
      return Math.min(nanos, LOOK);
    }

    @Override
    public boolean movesItself(Runnable tick) {
      ticks.add(tick);
      return false;
    }

    @Override
    public void forget(Runnable tick) {
      ticks.remove(tick);
    }
  }

  private final class Alarm implements Timer {
    @Override
    public long nanoTime() {
      return now.get();
    }

    @Override
    public void after(long nanos, Runnable work) {
      add(nanos, work);
    }
  }
}
