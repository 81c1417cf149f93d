package io.plainweave.simulation.machine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * What is to happen later, by simulated time, in the order of the times, and then of the calls. It
 * is where the JDK puts the ends of timed waits; only the thread that runs the simulation, and the
 * threads that it carries, use it.
 */
final class Timers {
  /** One of them, as the JDK wants to have it: all that it does with it is to cancel it. */
  private static final class Later implements ScheduledFuture<Object> {
    private final long due;
    private final long order;
    private final Runnable work;
    private boolean cancelled;

    private Later(long due, long order, Runnable work) {
      this.due = due;
      this.order = order;
      this.work = work;
    }

    @Override
    public boolean cancel(boolean interrupt) {
      cancelled = true;
      return true;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }

    @Override
    public boolean isDone() {
      return cancelled;
    }

    @Override
    public Object get() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Object get(long timeout, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long getDelay(TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int compareTo(Delayed other) {
      throw new UnsupportedOperationException();
    }
  }

  private final Queue<Later> later =
      new PriorityQueue<>(
          Comparator.<Later>comparingLong(each -> each.due).thenComparingLong(each -> each.order));

  private long orders;

  ScheduledFuture<?> add(long due, Runnable work) {
    var added = new Later(due, orders++, work);
    later.add(added);
    return added;
  }

  /** When the next one is due; {@link Long#MAX_VALUE} if there is none. */
  long nextDue() {
    for (Later next; (next = later.peek()) != null && next.cancelled; ) {
      later.remove();
    }
    Later next = later.peek();
    return next == null ? Long.MAX_VALUE : next.due;
  }

  /** Does what is due. */
  void run(long now) {
    while (nextDue() <= now) {
      later.remove().work.run();
    }
  }

  /** What the JDK calls. */
  static final class Service extends AbstractExecutorService implements ScheduledExecutorService {
    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
      Machine machine = Machine.current();
      if (machine == null) {
        throw new IllegalStateException("a virtual thread waits without a simulation");
      }
      return machine.after(unit.toNanos(delay), command);
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(
        Runnable command, long initialDelay, long period, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(
        Runnable command, long initialDelay, long delay, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void execute(Runnable command) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void shutdown() {
      // It has no thread.
    }

    @Override
    public List<Runnable> shutdownNow() {
      return new ArrayList<>();
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return false;
    }
  }
}
