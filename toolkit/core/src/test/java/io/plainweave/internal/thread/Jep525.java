package io.plainweave.internal.thread;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * {@code StructuredTaskScope} in the shape that it has in Java 26: the configuration is an
 * operator, a joiner may be told of a timeout, and a subtask has a type without a wildcard.
 */
interface Jep525<T, R> extends AutoCloseable {
  /** As {@code StructuredTaskScope.Subtask}. */
  interface Subtask<T> extends Supplier<T> {
    enum State {
      UNAVAILABLE,
      SUCCESS,
      FAILED
    }

    State state();

    Throwable exception();
  }

  /** As {@code StructuredTaskScope.Joiner}. */
  interface Joiner<T, R> {
    default boolean onFork(Subtask<T> subtask) {
      return subtask.state() != Subtask.State.UNAVAILABLE;
    }

    default boolean onComplete(Subtask<T> subtask) {
      throw new AssertionError("not ours");
    }

    default void onTimeout() {
      throw new AssertionError("no timeout is set");
    }

    R result() throws Throwable;

    static <T> Joiner<T, Void> awaitAll() {
      return () -> null;
    }
  }

  /** As {@code StructuredTaskScope.Configuration}. */
  interface Configuration {
    Configuration withThreadFactory(ThreadFactory threadFactory);

    Configuration withName(String name);

    Configuration withTimeout(Duration timeout);
  }

  static <T, R> Jep525<T, R> open(
      Joiner<? super T, ? extends R> joiner, UnaryOperator<Configuration> configuration) {
    var configured = (Settings) configuration.apply(new Settings(null, null));
    JdkScope scope =
        JdkScope.open(
            configured.name(),
            configured.threads(),
            subtask -> onComplete(joiner, subtask),
            () -> outcome(joiner));
    return new Jep525<>() {
      @Override
      public <U extends T> Subtask<U> fork(Callable<? extends U> task) {
        return new SubtaskOfJdk<>(scope.fork(task));
      }

      @Override
      public <U extends T> Subtask<U> fork(Runnable task) {
        throw new AssertionError("a callable is meant");
      }

      @Override
      @SuppressWarnings("unchecked")
      public R join() throws InterruptedException {
        return (R) scope.join();
      }

      @Override
      public boolean isCancelled() {
        return scope.isCancelled();
      }

      @Override
      public void close() {
        scope.close();
      }
    };
  }

  private static Object outcome(Joiner<?, ?> joiner) throws Exception {
    try {
      return joiner.result();
    } catch (Throwable e) {
      throw new ExecutionException(e);
    }
  }

  private static <T> boolean onComplete(Joiner<T, ?> joiner, Object subtask) {
    return joiner.onComplete(new SubtaskOfJdk<>(subtask));
  }

  /** The configuration. */
  record Settings(String name, ThreadFactory threads) implements Configuration {
    @Override
    public Configuration withThreadFactory(ThreadFactory threadFactory) {
      return new Settings(name, threadFactory);
    }

    @Override
    public Configuration withName(String newName) {
      return new Settings(newName, threads);
    }

    @Override
    public Configuration withTimeout(Duration timeout) {
      throw new AssertionError("no timeout is meant");
    }
  }

  /** A subtask of the JDK. */
  record SubtaskOfJdk<T>(Object subtask) implements Subtask<T> {
    @Override
    public State state() {
      return State.valueOf(JdkScope.state(subtask));
    }

    @Override
    @SuppressWarnings("unchecked")
    public T get() {
      return (T) JdkScope.get(subtask);
    }

    @Override
    public Throwable exception() {
      return (Throwable) JdkScope.exception(subtask);
    }
  }

  static <T, R> Jep525<T, R> open(Joiner<? super T, ? extends R> joiner) {
    return open(joiner, UnaryOperator.identity());
  }

  static <T> Jep525<T, Void> open() {
    return open(Joiner.awaitAll());
  }

  <U extends T> Subtask<U> fork(Callable<? extends U> task);

  <U extends T> Subtask<U> fork(Runnable task);

  R join() throws InterruptedException;

  boolean isCancelled();

  @Override
  void close();
}
