package io.plainweave;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Threads that live and die with a connection: readers, writers, heartbeats. None of them outlives
 * {@link #close()}.
 *
 * <p><b>Failure.</b> The first thread that fails ends the connection, with a reset, and cancels the
 * others: they are interrupted. {@link #join()} rethrows that failure; what else fails on its own
 * account is added as suppressed. A handler that is itself reading or writing meanwhile fails there
 * with a {@link ConnectionClosedException} whose cause is the failure.
 *
 * <p><b>End of stream.</b> A task that has seen the end of its stream returns. {@link #join()}
 * waits for the tasks that were {@linkplain #fork forked}, then cancels those that were forked
 * {@linkplain #forkBackground in the background}: a reader in front and a heartbeat in the
 * background end together when the peer has finished.
 *
 * <p><b>Deadline.</b> When a timeout was given and has passed, the connection is reset, everything
 * is cancelled and {@link #join()} throws a {@link ConnectionClosedException} with {@link
 * TimeLimit#SCOPE}.
 *
 * <p>Only the owner, the thread that has opened the scope, may fork, join and close. Scopes nest.
 * This is structured concurrency (JEP 505) for one connection; the threads are virtual, and their
 * names are seen in a thread dump.
 */
public final class ConnectionScope implements AutoCloseable {
  /**
   * What a thread of a scope does. It returns when it is done, for example at the end of its
   * stream.
   */
  @FunctionalInterface
  public interface Task {
    /**
     * Runs to its end.
     *
     * @throws Exception to end the connection and cancel the other tasks
     */
    void run() throws Exception;
  }

  private final SocketConnection connection;
  private final Scope scope;
  private final Thread owner = Thread.currentThread();

  /** The tick at which everything ends, if {@link #hasDeadline}. */
  private final int deadline;

  private final boolean hasDeadline;

  /** The scope that was open on the connection before this one. */
  private final @Nullable ConnectionScope outer;

  /**
   * Tasks in front that have not ended, and the owner until it joins: at zero the background is
   * cancelled.
   */
  private final AtomicInteger inFront = new AtomicInteger(1);

  /** The first failure of a task, set by its thread; the later ones are suppressed in it. */
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  ConnectionScope(SocketConnection connection, @Nullable ConnectionScope outer, int timeoutTicks) {
    this.connection = connection;
    this.outer = outer;
    this.hasDeadline = timeoutTicks > 0;
    this.deadline = connection.now() + timeoutTicks;
    this.scope = Scope.open(connection.toString(), Thread.ofVirtual().factory());
  }

  /**
   * Starts a thread whose end {@link #join()} waits for.
   *
   * @param name how the thread is called
   * @param task what it does
   */
  public void fork(String name, Task task) {
    inFront.incrementAndGet();
    scope.fork(() -> {
      Scope.After after = run(name, task);
      return inFront.decrementAndGet() == 0 ? Scope.After.CANCEL : after;
    });
  }

  /**
   * Starts a thread that is cancelled when all tasks in front have ended.
   *
   * @param name how the thread is called
   * @param task what it does
   */
  public void forkBackground(String name, Task task) {
    scope.fork(() -> run(name, task));
  }

  /**
   * Waits until all tasks in front have returned, cancels the background, or waits until one has
   * failed.
   *
   * @throws Exception what the first failed task has thrown, with the others suppressed
   * @throws ConnectionClosedException if the deadline has passed or the server cancels
   * @throws InterruptedException if the calling thread is interrupted otherwise
   */
  public void join() throws Exception {
    if (inFront.decrementAndGet() == 0) {
      // There is no public cancel: a subtask that asks for it has to end.
      scope.fork(() -> Scope.After.CANCEL);
    }
    try {
      scope.join();
    } catch (InterruptedException e) {
      throw connection.closeReason() == null ? e : connection.closed(e);
    }
    switch (failure.get()) {
      case null -> {
        if (connection.closeReason() != null) {
          throw connection.closed(null);
        }
      }
      case Exception e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new AssertionError("neither an exception nor an error", e);
    }
  }

  /**
   * Cancels what still runs, if {@link #join()} has not seen it end, and waits for it without
   * limit.
   */
  @Override
  public void close() {
    connection.scopeClosed(this);
    scope.close();
  }

  @Nullable ConnectionScope outer() {
    return outer;
  }

  /** Ends everything if the deadline has passed; called by the reaper. */
  void checkDeadline(int now) {
    if (hasDeadline && now - deadline >= 0) {
      connection.abort(new CloseReason.TimedOut(TimeLimit.SCOPE));
      owner.interrupt();
    }
  }

  private Scope.After run(String name, Task task) {
    Thread.currentThread().setName(name);
    try {
      task.run();
      return Scope.After.CONTINUE;
    } catch (Throwable e) {
      failed(e);
      return Scope.After.CANCEL;
    }
  }

  /**
   * Notes a failure; the first one ends the connection. What only says that the end has come is
   * none.
   */
  private void failed(Throwable e) {
    if (connection.closeReason() != null
        && (e instanceof InterruptedException || e instanceof ConnectionClosedException)) {
      return;
    }
    Throwable first = failure.compareAndExchange(null, e);
    if (first == null) {
      connection.abort(SocketConnection.reasonFor(e));
    } else {
      first.addSuppressed(e);
    }
  }
}
