package io.plainweave.internal.transport;

import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Runs the virtual threads of its connections in the order in which they become runnable, and waits
 * for their channels itself when none is. It takes the place of the JDK's scheduler: a connection
 * stays on its loop, and a wake-up passes no other thread.
 *
 * <p>The loop is not the thread that runs it. A virtual thread that computes, or that blocks in a
 * file or native code, keeps the thread, and the loop goes on with another one: see {@link
 * EventLoops}.
 *
 * <h2>Who has the loop</h2>
 *
 * <p>The queue and the poller belong to the thread that runs the loop. It makes {@link #turn} odd
 * when it begins to run a virtual thread, and even again by compare-and-set when that has returned.
 * Within an odd turn it touches neither of them, so that the loop can be taken away: who changes
 * the odd turn by compare-and-set has it, and the thread that comes back finds that its own has
 * failed, and leaves. What is runnable meanwhile comes in by {@link #submitted}, from whichever
 * thread.
 *
 * <p>The JDK has no public way to choose the scheduler of a virtual thread. Its builder has a
 * constructor for it, which is reached by reflection if the program was started with {@code
 * --add-opens java.base/java.lang=...}.
 */
final class EventLoop implements Executor {
  private final Poller poller;

  /** Runnable threads; only who has the loop touches it. */
  private final RunQueue queue = new RunQueue();

  /** What was added while nobody looked at the channels, or by another thread. */
  private final Queue<Runnable> submitted = new ConcurrentLinkedQueue<>();

  /**
   * Changes with each turn of a virtual thread, and is odd while it lasts; see above. It never
   * wraps around: a thread that comes back after hours would take a later turn for its own.
   */
  private final AtomicLong turn = new AtomicLong();

  // Made here, since a thread that takes the loop when memory is short must not fail to run it.

  /** Only who has the loop touches it. */
  private final Shortage shortage = new Shortage();

  private final BooleanSupplier idle = this::isIdle;

  /**
   * Makes an event loop.
   *
   * @throws ReflectiveOperationException if this JDK has no such constructor
   * @throws java.lang.reflect.InaccessibleObjectException if the package is not open to us
   */
  EventLoop() throws IOException, ReflectiveOperationException {
    poller = Poller.open(threadsOn(this));
  }

  /** With a poller of the caller's. */
  EventLoop(Poller poller) {
    this.poller = poller;
  }

  private static ThreadFactory threadsOn(Executor scheduler) throws ReflectiveOperationException {
    Constructor<?> constructor =
        Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
            .getDeclaredConstructor(Executor.class);
    constructor.setAccessible(true);
    return Scope.silent((Thread.Builder) constructor.newInstance(scheduler));
  }

  /** Whether the program was started so that there can be any. */
  static boolean mayBeMade() {
    return Object.class.getModule().isOpen("java.lang", EventLoop.class.getModule());
  }

  Poller poller() {
    return poller;
  }

  /**
   * Runs the loop in the calling thread until nobody needs it any more, or another thread has it.
   * If its poller fails, it goes on to run threads, which nobody else can, but wakes none for its
   * channel: the server is cancelled, and they have to come to their end.
   */
  void run(LoopThread self, EventLoops all) {
    poller.beginOn(self);
    while (!poller.isDismissed()) {
      try {
        if (!runQueue()) {
          return;
        }
        if (poller.isStopped()) {
          Shortage.pause();
        } else {
          look(self, all);
          shortage.isOver();
        }
      } catch (Throwable e) {
        if (!shortage.passes(e) && !poller.isStopped()) {
          closePoller();
          all.failed(e);
        }
        Shortage.pause();
      }
    }
    closePoller();
    all.ended();
  }

  /**
   * Runs what is in the queue now. What that adds has its turn after the next look at channels.
   *
   * @return false if another thread has the loop by now
   */
  private boolean runQueue() {
    // Removed afterwards: what there is no memory for has its turn again.
    for (Runnable task; (task = submitted.peek()) != null; submitted.remove()) {
      queue.add(task);
    }
    Runnable next;
    for (int left = queue.size(); left > 0 && (next = queue.poll()) != null; left--) {
      long begun = turn.get() + 1;
      turn.setRelease(begun);
      run(next);
      if (!turn.compareAndSet(begun, begun + 1)) {
        return false;
      }
    }
    return true;
  }

  /** Never fails: the thread would not see that another one has the loop by now. */
  private static void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      // A handler's failure never comes here: this is the thread itself that could not go on.
      Log.taskFailed(e);
    }
  }

  private void look(LoopThread self, EventLoops all) throws IOException {
    self.beginToLook(this);
    try {
      poller.round(idle);
    } finally {
      self.endToLook();
      // Also after a failure: what it has found until then has its turn, and needs the monitor.
      all.looked();
    }
  }

  /** Never fails: the loop goes on, or has to tell of its end. */
  private void closePoller() {
    try {
      poller.close();
    } catch (Throwable e) {
      Log.taskFailed(e);
    }
  }

  private boolean isIdle() {
    return queue.size() == 0 && submitted.isEmpty();
  }

  // For all threads

  @Override
  public void execute(Runnable task) {
    if (LoopThread.looksFor(this)) {
      queue.add(task);
    } else {
      submitted.add(task);
      poller.wakeIfWaiting();
    }
  }

  /** A number that is odd while a virtual thread has its turn, another one for each. */
  long turn() {
    return turn.get();
  }

  /**
   * How many virtual threads wait for their turn: not of one moment, since nothing stands still.
   */
  int queued() {
    return queue.size() + submitted.size();
  }

  /** Whether it may wait for its channels. */
  boolean mayWait() {
    return poller.mayWait();
  }

  /**
   * Takes the loop away from the thread that runs it, if it is still in this turn: then somebody
   * else is to run it.
   *
   * @param held an odd number
   */
  boolean takeAway(long held) {
    return turn.compareAndSet(held, held + 1);
  }
}
