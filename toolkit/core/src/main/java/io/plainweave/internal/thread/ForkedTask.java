package io.plainweave.internal.thread;

import io.plainweave.ConnectionScope;
import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A task that was forked in a scope of a connection, with what its owner may want of it alone.
 *
 * <p>It knows in what way it is cancelled. In order, because it is not needed any more: then its
 * interrupt cuts no message, and ends no connection that it reads or writes. Otherwise its scope
 * has failed, or is left, and so is the connection.
 *
 * @param <T> the type of the result
 */
public final class ForkedTask<T> implements ConnectionScope.Subtask<T> {
  /** In a thread that was forked for a connection: its task. */
  public static final ScopedValue<ForkedTask<?>> CURRENT = ScopedValue.newInstance();

  /** The scope in which it was forked, as the task sees it. */
  public interface Siblings {
    /** Fails if the calling thread has not opened it. */
    void ensureOwner();

    /** What the owner throws that was interrupted. */
    Exception interrupted(InterruptedException e);

    /** Throws what has failed first, or that the connection was closed, if there is such. */
    void failIfOver() throws Exception;

    /** Whether what still runs is cancelled. */
    boolean isEnding();

    /** Whether that is so because their owner has left without a join. */
    boolean isAbandoned();
  }

  private final Siblings siblings;
  private final Callable<? extends T> task;

  /** Whether the task gives something back that somebody may miss. */
  private final boolean hasResult;

  /** The task whose thread has forked this one, if there is one. */
  private final @Nullable ForkedTask<?> parent;

  private final CountDownLatch ended = new CountDownLatch(1);

  /** The thread that runs it, set by itself before it looks whether it was cancelled. */
  private volatile @Nullable Thread thread;

  /** Set by any thread before it looks for the thread to interrupt. */
  private volatile boolean cancelled;

  // Set by its thread before it has ended.
  private boolean completed;
  private @Nullable T result;

  public ForkedTask(Siblings siblings, Callable<? extends T> task) {
    this(siblings, task, true);
  }

  private ForkedTask(Siblings siblings, Callable<? extends T> task, boolean hasResult) {
    this.siblings = siblings;
    this.task = task;
    this.hasResult = hasResult;
    this.parent = CURRENT.isBound() ? CURRENT.get() : null;
  }

  /** One without a result. */
  @SuppressWarnings("NullAway") // nothing is what it returns
  public static ForkedTask<?> of(Siblings siblings, ConnectionScope.Task task) {
    return new ForkedTask<>(
        siblings,
        () -> {
          task.run();
          return null;
        },
        false);
  }

  // For its owner, and whoever cancels it

  @Override
  @SuppressWarnings("NullAway") // a task without a result has none
  public T join() throws Exception {
    siblings.ensureOwner();
    try {
      awaitEnd();
    } catch (InterruptedException e) {
      throw siblings.interrupted(e);
    }
    if (!completed) {
      siblings.failIfOver();
      if (hasResult) {
        throw new CancellationException("the task was cancelled before it had a result");
      }
    }
    return result;
  }

  private void awaitEnd() throws InterruptedException, DeadlineExceededException {
    Optional<Duration> left = Deadline.remaining();
    if (left.isEmpty()) {
      ended.await();
    } else if (!ended.await(TimeUnit.NANOSECONDS.convert(left.get()), TimeUnit.NANOSECONDS)) {
      throw new DeadlineExceededException("a task of a scope");
    }
  }

  @Override
  public void cancel() {
    cancelled = true;
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }

  // For its thread

  /** Runs the task, unless it was cancelled before. */
  public void run() throws Exception {
    thread = Thread.currentThread();
    if (!cancelled) {
      result = task.call();
      completed = true;
    }
  }

  /** Notes that nobody runs it any more. */
  public void end() {
    thread = null;
    ended.countDown();
  }

  /** Notes that its scope was cancelled before it could begin. */
  public void neverRuns() {
    ended.countDown();
  }

  /** Whether the calling thread runs a task that is cancelled because it is not needed any more. */
  public static boolean isCurrentCancelledInOrder() {
    return CURRENT.isBound() && CURRENT.get().isCancelledInOrder();
  }

  /** Whether it, or one that has forked it, is cancelled because it is not needed any more. */
  public boolean isCancelledInOrder() {
    // Who leaves a scope because he is cancelled in order has to leave it without a join.
    boolean byItself = !siblings.isAbandoned() && (cancelled || siblings.isEnding());
    return byItself || (parent != null && parent.isCancelledInOrder());
  }
}
