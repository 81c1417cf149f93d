package io.plainweave.internal.transport;

import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A platform thread that runs the virtual threads of its connections in the order in which they
 * become runnable, and waits for their channels itself when none is. It takes the place of the
 * JDK's scheduler: a connection stays on its loop, and a wake-up passes no other thread.
 *
 * <p>The JDK has no public way to choose the scheduler of a virtual thread. Its builder has a
 * constructor for it, which is reached by reflection if the program was started with {@code
 * --add-opens java.base/java.lang=...}.
 */
final class EventLoop implements Callable<Scope.After>, Executor {
  private final Poller poller;

  /** Runnable threads, and what else is to be done; only the loop touches it. */
  private final RunQueue queue = new RunQueue();

  /** What other threads have added. */
  private final Queue<Runnable> submitted = new ConcurrentLinkedQueue<>();

  /** Held by whoever looks at the channels: then it is the poller's thread. */
  private final ReentrantLock looking = new ReentrantLock();

  /** The loop's own thread, set by itself. */
  private volatile @Nullable Thread self;

  /**
   * Makes an event loop.
   *
   * @throws ReflectiveOperationException if this JDK has no such constructor
   * @throws java.lang.reflect.InaccessibleObjectException if the package is not open to us
   */
  EventLoop() throws IOException, ReflectiveOperationException {
    poller = Poller.open(threadsOn(this));
  }

  private static ThreadFactory threadsOn(Executor scheduler) throws ReflectiveOperationException {
    Constructor<?> constructor =
        Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
            .getDeclaredConstructor(Executor.class);
    constructor.setAccessible(true);
    return Scope.silent((Thread.Builder) constructor.newInstance(scheduler));
  }

  Poller poller() {
    return poller;
  }

  @Override
  public Scope.After call() throws Exception {
    Thread.currentThread().setName("plainweave event loop");
    self = Thread.currentThread();
    poller.beginOn(Thread.currentThread());
    var shortage = new Shortage();
    BooleanSupplier idle = this::isIdle;
    try {
      while (!poller.isStopped()) {
        try {
          runQueue();
          look(idle);
          shortage.isOver();
        } catch (Error e) {
          if (!shortage.passes(e)) {
            throw e;
          }
          Shortage.pause();
        }
      }
    } finally {
      poller.close();
    }
    return Scope.After.CONTINUE;
  }

  /**
   * Goes on to run threads, which nobody else can, but wakes none for its channel any more: the
   * server is cancelled, and they have to come to their end. Has no effect after an end in order.
   */
  void runWithoutPoller() {
    while (!poller.isDismissed()) {
      try {
        runQueue();
      } catch (Error e) {
        // There is nobody left to tell.
      }
      Shortage.pause();
    }
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  public void execute(Runnable task) {
    if (Thread.currentThread() == self) {
      queue.add(task);
    } else {
      submitted.add(task);
      poller.wakeIfWaiting();
    }
  }

  /** Runs what is in the queue now. What that adds has its turn after the next look at channels. */
  private void runQueue() {
    // Removed afterwards: what there is no memory for has its turn again.
    for (Runnable task; (task = submitted.peek()) != null; submitted.remove()) {
      queue.add(task);
    }
    Runnable next;
    for (int left = queue.size(); left > 0 && (next = queue.poll()) != null; left--) {
      try {
        next.run();
      } catch (Throwable e) {
        // A handler's failure never comes here: this is the thread itself that could not go on.
        Log.taskFailed(e);
      }
    }
  }

  private void look(BooleanSupplier idle) throws IOException {
    looking.lock();
    try {
      poller.round(idle);
    } finally {
      looking.unlock();
    }
  }

  /**
   * Looks at the channels in place of the loop, called by the watchdog when the loop has not gone
   * round for a while: its thread may be parked, with a virtual thread that waits for a channel and
   * cannot leave its carrier, because a native method or a class initializer has called it (JEP
   * 491). Nobody else would wake it. Has no effect while the loop looks itself.
   */
  void lookInstead() throws IOException {
    if (looking.tryLock()) {
      try {
        if (!poller.isStopped()) {
          poller.round(() -> false);
        }
      } finally {
        looking.unlock();
      }
    }
  }

  private boolean isIdle() {
    return queue.size() == 0 && submitted.isEmpty();
  }
}
