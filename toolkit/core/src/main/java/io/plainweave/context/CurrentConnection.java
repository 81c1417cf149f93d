package io.plainweave.context;

import io.plainweave.Connection;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The connection for which the current thread runs: for code that has no parameter for it, such as
 * a logger, a data source or a metric, however deep below the handler it is called.
 *
 * {@snippet file="io/plainweave/context/CurrentConnectionTest.java" region="current"}
 *
 * <p><b>Where it is known.</b>
 *
 * <ul>
 *   <li>In the thread of a connection that a server has accepted, from its handshake to its close:
 *       in its {@link io.plainweave.Handler}, in observers that are called there, and whatever the
 *       {@link io.plainweave.Deadline}.
 *   <li>In what such a thread forks in a {@link io.plainweave.ConnectionScope}, in front and in the
 *       background, and in what these fork; also in a scope of another connection. The threads of a
 *       {@link io.plainweave.client.Relay} and of {@link io.plainweave.server.Shield#call} have it
 *       of their caller.
 *   <li>Within {@link #call}, and in what is forked there in a {@code StructuredTaskScope} of the
 *       JDK: there it is a {@link ScopedValue}.
 * </ul>
 *
 * <p>A connection that the handler has opened to others is never the current one by itself: what it
 * does for its peer is the work of the accepted connection. A thread that the handler starts with
 * {@link Thread#start()}, in an executor or in a {@code StructuredTaskScope} without {@link #call},
 * has none, and neither have the handlers of datagrams and their sessions, the {@linkplain
 * io.plainweave.server.ServerBuilder#background background tasks} of a server, and a thread of the
 * program that has connected by itself.
 *
 * <p>It costs a connection no memory: the thread of a connection carries it as its {@link
 * Thread.UncaughtExceptionHandler}. So a handler that sets another one for its thread is without a
 * current connection from then on.
 */
public final class CurrentConnection {
  private static final ScopedValue<Connection> CALLED = ScopedValue.newInstance();

  private CurrentConnection() {}

  /**
   * Returns the connection for which the calling thread runs. It never blocks.
   *
   * @return the connection, which may have ended; empty if the thread runs for none
   */
  public static Optional<Connection> get() {
    if (CALLED.isBound()) {
      return Optional.of(CALLED.get());
    }
    return Thread.currentThread().getUncaughtExceptionHandler() instanceof Connection own
        ? Optional.of(own)
        : Optional.empty();
  }

  /**
   * Runs work for a connection, in a thread that does not run for it: one of an executor, or that
   * of a test; or in one that does, to have it inherited by a {@code StructuredTaskScope} of the
   * JDK, which is opened within.
   *
   * {@snippet file="io/plainweave/context/CurrentConnectionTest.java" region="call"}
   *
   * <p>A scope that was opened before cannot fork within it ({@link
   * java.util.concurrent.StructureViolationException}), as with every scoped value.
   *
   * @param <T> the type of the result
   * @param <X> what the work may throw
   * @param connection the current one meanwhile
   * @param work what to run, in the calling thread
   * @return what the work returns
   * @throws X what the work throws
   */
  public static <T extends @Nullable Object, X extends Throwable> T call(
      Connection connection, ScopedValue.CallableOp<? extends T, X> work) throws X {
    return ScopedValue.where(CALLED, Objects.requireNonNull(connection, "connection")).call(work);
  }
}
