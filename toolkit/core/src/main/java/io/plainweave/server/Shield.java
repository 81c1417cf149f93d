package io.plainweave.server;

import io.plainweave.context.ForkContext;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.thread.CarriedContext;
import io.plainweave.internal.thread.Uninterrupted;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

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
   * values and its {@linkplain ServerBuilder#forkContext context}, and ends with this call. The
   * caller waits for it without limit: nothing ends the task but itself, and a cancellation waits
   * for it. If the caller was interrupted before or meanwhile, its interrupt status is set when
   * this returns.
   *
   * {@snippet file="io/plainweave/server/ShieldTest.java" region="shield"}
   *
   * @param <T> the type of the result
   * @param task what to run
   * @return what the task returns
   * @throws Exception what the task throws
   */
  public static <T> T call(Callable<T> task) throws Exception {
    @Nullable ForkContext context =
        Home.CURRENT.isBound() ? Home.CURRENT.get().forkContext() : null;
    return Uninterrupted.<T>call("shielded", CarriedContext.in(context, task)::call, () -> {});
  }
}
