package io.plainweave.internal.thread;

import io.plainweave.ConnectionScope;
import io.plainweave.context.ForkContext;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Gives a task that is forked the context of the thread that forks it, which calls this. */
public final class CarriedContext {
  private CarriedContext() {}

  /** The task as it is to run in its thread; itself, where there is no context to carry. */
  public static ConnectionScope.Task in(@Nullable ForkContext context, ConnectionScope.Task task) {
    if (context == null) {
      return task;
    }
    ForkContext.Captured captured = context.capture();
    return () -> {
      try (AutoCloseable _ = captured.attach()) {
        task.run();
      }
    };
  }

  /** The same of a task with a result. */
  public static <T> Callable<? extends T> in(
      @Nullable ForkContext context, Callable<? extends T> task) {
    if (context == null) {
      return task;
    }
    ForkContext.Captured captured = context.capture();
    return () -> {
      try (AutoCloseable _ = captured.attach()) {
        return task.call();
      }
    };
  }
}
