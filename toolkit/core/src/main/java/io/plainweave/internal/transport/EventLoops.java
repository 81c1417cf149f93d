package io.plainweave.internal.transport;

import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The event loops of a server, the threads that run them, and the monitor that gives a loop to
 * another thread when a task keeps it.
 *
 * <p>There is always one thread more than is needed, so that a loop never waits for one to start.
 * The monitor looks at each loop every {@link #INTERVAL}: a loop that is still in the turn in which
 * it was seen before goes to that thread. The old one finishes its task, which may take an hour,
 * and then waits for the next loop. When no loop has had anything to do for a while, the monitor
 * sleeps until one has.
 *
 * <p>So, where the monitor and that thread get a processor, a loop is held up for two intervals by
 * a handler that computes, that blocks in a file or native code, or that cannot leave its carrier
 * (JEP 491) while it waits for a channel at which nobody else would look.
 */
final class EventLoops implements Scope.Task {
  private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(5);

  /**
   * After so many looks at loops that do nothing the monitor sleeps. Few, since each beat of the
   * watchdog wakes it, in a server without connections, too.
   */
  private static final int QUIET_LOOKS = 4;

  /** After which time a thread that is not needed ends. */
  private static final long LONGEST_IDLE = TimeUnit.SECONDS.toNanos(10);

  /** Looked up early: later, memory may be short. */
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final List<EventLoop> loops;
  private final int maxThreads;
  private final ThreadFactory threadFactory;

  private final CompletableFuture<@Nullable Void> started = new CompletableFuture<>();

  /** What is to be done if the poller of a loop has failed; set before the threads are started. */
  private volatile Consumer<Throwable> failed = _ -> {};

  /** The thread of {@link #call()}, set by itself. */
  private volatile @Nullable Thread monitor;

  /** Whether the monitor sleeps, or is about to. Only the monitor sets it. */
  private volatile boolean monitorSleeps;

  private final ReentrantLock lock = new ReentrantLock();

  /** A loop waits for a thread, or all have ended. */
  private final Condition changed = lock.newCondition();

  // The rest is guarded by the lock.

  /** Loops that nobody runs. It has room for all, so that it never grows. */
  private final Queue<EventLoop> waiting;

  /** All threads that run, to be woken after a lack of memory. */
  private final List<LoopThread> threads = new ArrayList<>();

  /** Threads that were started, and do not run yet. */
  private int startingThreads;

  /** Those that run a loop, or a task for which they had to leave one. */
  private int busyThreads;

  private int endedLoops;

  /** The processor time of the threads that have ended. */
  private long endedNanos;

  /** With loops of the caller's. */
  EventLoops(List<EventLoop> loops, int maxThreads, ThreadFactory threadFactory) {
    this.loops = loops;
    this.maxThreads = Math.max(maxThreads, loops.size());
    this.threadFactory = threadFactory;
    waiting = new ArrayDeque<>(loops);
  }

  /**
   * Opens event loops, or none.
   *
   * @param maxThreads how many threads there may be, at least one for each loop
   * @param threadFactory makes them
   */
  static EventLoops open(int count, int maxThreads, ThreadFactory threadFactory)
      throws IOException, ReflectiveOperationException {
    List<EventLoop> loops = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        loops.add(new EventLoop());
      }
      return new EventLoops(List.copyOf(loops), maxThreads, threadFactory);
    } catch (IOException | ReflectiveOperationException | RuntimeException | Error e) {
      for (EventLoop loop : loops) {
        loop.poller().close();
      }
      throw e;
    }
  }

  List<EventLoop> all() {
    return loops;
  }

  /**
   * Starts the threads in the scope; returns when each loop has one.
   *
   * @param failed what is to be done when a loop has failed for good
   */
  void start(Scope scope, Consumer<Throwable> failed) throws InterruptedException {
    this.failed = failed;
    scope.fork(this);
    try {
      started.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new IllegalStateException(
          "the threads of the event loops cannot be started: " + cause, cause);
    }
  }

  @Override
  public Scope.After call() throws InterruptedException {
    Thread.currentThread().setName("plainweave loop monitor");
    monitor = Thread.currentThread();
    try (Scope scope = Scope.open("plainweave event loops", threadFactory)) {
      if (startThreads(scope)) {
        watch(scope);
      }
      scope.join();
    } catch (Throwable e) {
      if (!started.completeExceptionally(e)) {
        throw e;
      }
    }
    return Scope.After.CONTINUE;
  }

  /** Starts a thread for each loop; if one cannot be started, all loops are to end. */
  private boolean startThreads(Scope scope) {
    try {
      for (int i = 0; i < loops.size(); i++) {
        startThread(scope);
      }
      started.complete(null);
      return true;
    } catch (Throwable e) {
      // Those that run would never end, and the scope waits for them.
      for (EventLoop loop : loops) {
        loop.poller().stop();
      }
      started.completeExceptionally(e);
      return false;
    }
  }

  // For the monitor

  private void watch(Scope scope) {
    long[] seen = new long[loops.size()];
    var shortage = new Shortage();
    int quietLooks = 0;
    while (!haveEnded()) {
      try {
        // First what needs no memory: it may be a lack of it that holds up a loop.
        boolean quiet = look(seen);
        keepOneIdle(scope);
        quietLooks = quiet ? quietLooks + 1 : 0;
        if (quietLooks < QUIET_LOOKS) {
          LockSupport.parkNanos(INTERVAL);
        } else {
          sleep();
          quietLooks = 0;
        }
        shortage.isOver();
      } catch (RuntimeException | Error e) {
        if (!shortage.passes(e)) {
          failed(e);
          return;
        }
        Shortage.pause();
      }
      // The end of the scope is that of the loops; an interrupt would only end the pauses.
      boolean _ = Thread.interrupted();
    }
  }

  /** Gives those loops to other threads that are kept; whether there was nothing to do for any. */
  private boolean look(long[] seen) {
    boolean quiet = true;
    for (int i = 0; i < seen.length; i++) {
      EventLoop loop = loops.get(i);
      long turn = loop.turn();
      if (turn != seen[i]) {
        seen[i] = turn;
        quiet = false;
      } else if ((turn & 1) != 0) {
        handOver(loop, turn);
        quiet = false;
      }
    }
    return quiet;
  }

  private void handOver(EventLoop loop, long turn) {
    lock.lock();
    try {
      if (idleThreads() > 0 && loop.takeAway(turn)) {
        waiting.add(loop);
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void keepOneIdle(Scope scope) {
    boolean isMissing;
    lock.lock();
    try {
      isMissing = idleThreads() < 1 && allThreads() < maxThreads;
    } finally {
      lock.unlock();
    }
    if (isMissing) {
      startThread(scope);
    }
  }

  /** Threads for which there is no loop, those that start among them; called with the lock. */
  private int idleThreads() {
    return allThreads() - busyThreads - waiting.size();
  }

  /** Called with the lock. */
  private int allThreads() {
    return startingThreads + threads.size();
  }

  private void startThread(Scope scope) {
    countStarting(1);
    boolean begun = false;
    try {
      begun = scope.fork(this::runLoops);
    } finally {
      if (!begun) {
        countStarting(-1);
      }
    }
  }

  private void countStarting(int more) {
    lock.lock();
    try {
      startingThreads += more;
    } finally {
      lock.unlock();
    }
  }

  private void sleep() {
    monitorSleeps = true;
    // Who stops to wait for channels sees that the monitor sleeps, or is seen here not to wait.
    boolean allWait = true;
    for (int i = 0; i < loops.size(); i++) {
      allWait &= loops.get(i).mayWait();
    }
    if (allWait) {
      LockSupport.park();
    }
    monitorSleeps = false;
  }

  // For the threads of the loops

  private Scope.After runLoops() {
    var self = (LoopThread) Thread.currentThread();
    begin(self);
    for (EventLoop loop; (loop = next(self)) != null; ) {
      loop.run(self, this);
      isFree();
    }
    return Scope.After.CONTINUE;
  }

  private void begin(LoopThread self) {
    lock.lock();
    try {
      // If there is no memory for an entry, the thread ends, and is not counted any more.
      startingThreads--;
      threads.add(self);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for a loop that nobody runs; null if the thread is not needed any more. Then it is not
   * counted any more, so that no loop is left to it, and no other thread ends in its favour.
   */
  private @Nullable EventLoop next(LoopThread self) {
    long nanos = LONGEST_IDLE;
    lock.lock();
    try {
      while (waiting.isEmpty()) {
        if (haveEnded() || (nanos <= 0 && idleThreads() > 1)) {
          threads.remove(self);
          endedNanos += Math.max(0, THREADS.getCurrentThreadCpuTime());
          return null;
        }
        try {
          nanos = changed.awaitNanos(nanos > 0 ? nanos : LONGEST_IDLE);
        } catch (InterruptedException endOfTheScope) {
          // It is that of the loops, which comes in order.
        }
      }
      busyThreads++;
      return waiting.poll();
    } finally {
      lock.unlock();
    }
  }

  private void isFree() {
    lock.lock();
    try {
      busyThreads--;
    } finally {
      lock.unlock();
    }
  }

  /** Called by a loop that has looked at its channels. */
  void looked() {
    if (monitorSleeps) {
      LockSupport.unpark(monitor);
    }
  }

  /** Called if the poller of a loop, or the monitor, has failed for good. */
  void failed(Throwable failure) {
    try {
      failed.accept(failure);
    } catch (Throwable e) {
      // The loop still has threads to run, which are to come to their end.
      Shortage.see(e);
    }
  }

  /** Called by a loop that has ended, failed or not. */
  void ended() {
    lock.lock();
    try {
      endedLoops++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    LockSupport.unpark(monitor);
  }

  // For all threads

  private boolean haveEnded() {
    lock.lock();
    try {
      return endedLoops == loops.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many threads there are. */
  int threads() {
    lock.lock();
    try {
      return threads.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many virtual threads wait for their turn, about. */
  long queued() {
    long queued = 0;
    for (EventLoop loop : loops) {
      queued += loop.queued();
    }
    return queued;
  }

  /** The processor time of all threads, those that have ended among them. */
  long processorNanos() {
    lock.lock();
    try {
      long nanos = endedNanos;
      for (LoopThread thread : threads) {
        nanos += Math.max(0, THREADS.getThreadCpuTime(thread.threadId()));
      }
      return nanos;
    } finally {
      lock.unlock();
    }
  }

  /** As {@link Poller#nudge()}, all threads, also those that are held up by a task. */
  void nudge() {
    lock.lock();
    try {
      for (int i = 0; i < threads.size(); i++) {
        LockSupport.unpark(threads.get(i));
      }
    } finally {
      lock.unlock();
    }
  }
}
