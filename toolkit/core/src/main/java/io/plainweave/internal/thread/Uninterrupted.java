package io.plainweave.internal.thread;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs what no interrupt is to reach, in a thread of its own. */
public final class Uninterrupted {
  private Uninterrupted() {}

  /**
   * Runs a task in a child of the calling thread, which waits for it without limit. If the caller
   * was interrupted before or meanwhile, its interrupt status is set when this returns.
   *
   * @param name of the thread
   * @param onInterrupt what the calling thread does each time that it is interrupted
   */
  public static <T> T call(String name, Callable<T> task, Runnable onInterrupt) throws Exception {
    var result = new FutureTask<T>(task);
    boolean interrupted = Thread.interrupted();
    Thread caller = Thread.currentThread();
    try (Scope shield = Scope.open(name, Thread.ofVirtual().name(name).factory())) {
      shield.fork(() -> {
        Belonging.inherit(caller);
        result.run();
        return Scope.After.CONTINUE;
      });
      if (interrupted) {
        onInterrupt.run();
      }
      for (boolean waits = true; waits; ) {
        try {
          result.get();
          waits = false;
        } catch (InterruptedException e) {
          interrupted = true;
          onInterrupt.run();
        } catch (ExecutionException failed) {
          waits = false;
        }
      }
      interrupted |= joinWithoutWait(shield);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return resultOf(result);
  }

  /** Joins what is done; whether an interrupt came in this moment. */
  private static boolean joinWithoutWait(Scope shield) {
    try {
      shield.join();
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  private static <T> T resultOf(FutureTask<T> done) throws Exception {
    return switch (done.state()) {
      case SUCCESS -> done.resultNow();
      case FAILED -> {
        switch (done.exceptionNow()) {
          case Exception e -> throw e;
          case Error e -> throw e;
          case Throwable e -> throw new AssertionError("neither an exception nor an error", e);
        }
      }
      case RUNNING, CANCELLED -> throw new AssertionError("nobody cancels it");
    };
  }
}
