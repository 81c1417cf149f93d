package io.plainweave.internal.thread;

import io.plainweave.internal.log.Log;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Owns the threads that are forked in it: none of them outlives {@link #close()}.
 *
 * <p>It is a {@code StructuredTaskScope} of the JDK, whose methods {@link ScopeBinding} finds when
 * the program runs: a class file that names that interface runs on one Java release only.
 *
 * <p>Only the owner, the thread that has opened the scope, may fork, join and close. The scope
 * keeps nothing of a subtask that has ended: it may live for months and fork millions of them.
 */
public final class Scope implements AutoCloseable {
  /** What the end of a task means for the others. */
  public enum After {
    /** The others go on. */
    CONTINUE,
    /** The others are cancelled. */
    CANCEL
  }

  /**
   * What a thread of a scope does. It is no Callable: a generic method would be called by another
   * one, whose frame is memory of every connection that waits.
   */
  @FunctionalInterface
  public interface Task {
    /** Does it; returns what its end means for the others. */
    After call() throws Exception;
  }

  /**
   * The whole of a thread. It throws nothing: to keep that the JDK would need memory. And it is one
   * frame, as for {@link Task}, which a lambda or a result of another type is not.
   */
  private record Subtask(Task task) implements Callable<Object> {
    @Override
    public Object call() {
      try {
        return task.call();
      } catch (Throwable e) {
        Log.taskFailed(e);
        return After.CONTINUE;
      }
    }
  }

  private static final ScopedValue<Scope> NEVER_BOUND = ScopedValue.newInstance();

  private static final ScopeBinding JDK = ScopeBinding.ofJdk();

  private final ScopeBinding binding;

  /** The JDK's. */
  private final Object scope;

  private final ThreadFactory threads;

  /** The thread that a fork has made, until it returns; only the owner touches it. */
  private @Nullable Thread latest;

  private Scope(ScopeBinding binding, String name, ThreadFactory threads) {
    this.binding = binding;
    this.threads = threads;
    this.scope = binding.open(name, this::newThread);
  }

  /**
   * Opens a scope that the calling thread owns.
   *
   * @param name how the scope is called in a thread dump
   * @param threads makes the thread of each fork
   */
  public static Scope open(String name, ThreadFactory threads) {
    return open(JDK, name, threads);
  }

  /** The same with scopes of another shape. */
  static Scope open(ScopeBinding binding, String name, ThreadFactory threads) {
    findBindings();
    return new Scope(binding, name, threads);
  }

  /**
   * Starts a thread for the task. What a task throws is logged and concerns no other.
   *
   * @return false if the scope is cancelled: then the task never runs, and what it was to own is
   *     still the caller's
   */
  public boolean fork(Task task) {
    findBindings();
    try {
      binding.fork(scope, new Subtask(task));
      // After a cancel no thread is made, or it is made and refused; the subtask does not tell.
      return !binding.isCancelled(scope)
          || (latest != null && latest.getState() != Thread.State.NEW);
    } finally {
      latest = null;
    }
  }

  /**
   * Lets the JDK find the calling thread's bindings of scoped values again, if it has lost them:
   * whenever the JVM throws a {@link VirtualMachineError}, caught or not, HotSpot forgets where
   * they are (exceptions.cpp, clear_scopedValueBindings). A look at any value finds them on the
   * stack. But a fork only compares them, and would fail from then on; and a scope would be opened
   * without them. A value that is never bound is not cached, so that the look allocates nothing.
   */
  private static void findBindings() {
    boolean _ = NEVER_BOUND.isBound();
  }

  /**
   * Makes virtual threads that say nothing of what nobody has caught, which is a lack of memory for
   * the last steps of the JDK. To print that takes memory, too, and who fails to print it brings
   * down the carrier, with all threads in its queue (ForkJoinPool.deregisterWorker).
   */
  public static ThreadFactory virtualThreads() {
    return silent(Thread.ofVirtual());
  }

  /** The same by a builder that has a scheduler. */
  public static ThreadFactory silent(Thread.Builder builder) {
    return builder.uncaughtExceptionHandler((_, e) -> Shortage.see(e)).factory();
  }

  /** Waits until every thread of this scope has ended or the scope is cancelled. */
  public void join() throws InterruptedException {
    binding.join(scope);
  }

  /**
   * Interrupts what still runs, unless {@link #join()} has seen everything end, and waits for it
   * without limit.
   */
  @Override
  public void close() {
    binding.close(scope);
  }

  private Thread newThread(Runnable task) {
    Thread thread = threads.newThread(task);
    latest = thread;
    return thread;
  }
}
