package io.plainweave.server;

import io.plainweave.internal.thread.Scope;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs what no interrupt is to reach. */
public final class Shield {
  private Shield() {}

  /**
   * Runs a task that no interrupt of the calling thread reaches: neither the cancellation of a
   * scope or of the server, nor {@link Thread#interrupt()}. It is for code that must not be
   * interrupted, because others share what an interrupt would close, or because it must be done as
   * a whole. It can be called in any thread, with or without a scope.
   *
   * <p>The task runs in a thread of its own, which is a child of the calling one, sees its scoped
   * values and ends with this call. The caller waits for it without limit: nothing ends the task
   * but itself, and a cancellation waits for it. If the caller was interrupted before or meanwhile,
   * its interrupt status is set when this returns.
   *
   * {@snippet file="io/plainweave/server/ShieldTest.java" region="shield"}
   *
   * @param <T> the type of the result
   * @param task what to run
   * @return what the task returns
   * @throws Exception what the task throws
   */
  public static <T> T call(Callable<T> task) throws Exception {
    var result = new FutureTask<T>(task);
    boolean interrupted = Thread.interrupted();
    try (Scope shield = Scope.open("shielded", Thread.ofVirtual().name("shielded").factory())) {
      shield.fork(() -> {
        result.run();
        return Scope.After.CONTINUE;
      });
      for (boolean waits = true; waits; ) {
        try {
          result.get();
          waits = false;
        } catch (InterruptedException e) {
          interrupted = true;
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
