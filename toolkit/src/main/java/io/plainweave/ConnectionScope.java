package io.plainweave;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
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
 * <p><b>End of the connection.</b> However the connection ends, be it by a time limit, {@link
 * Connection#abort()} or {@link Connection#close()}: if the scope is still open a tenth of a second
 * later (with more than 10,000 connections, up to a second), its owner is interrupted once, so that
 * it does not wait on for threads that have nothing to do with the socket.
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
 * <p><b>What an interrupt reaches.</b> To cancel is to interrupt, here as everywhere in Java, and
 * an interrupt does not ask what the thread is doing. A connection it ends with a reset. But an
 * interruptible channel that others use as well, such as the {@code FileChannel} of an embedded
 * database, is closed for all of them when it meets a thread in it ({@link
 * java.nio.channels.InterruptibleChannel}): a client that resets its connection would close the
 * database for every other one. {@link #shielded} runs such code where no interrupt comes. A write
 * to the connection of another handler needs no shield: no interrupt ends it, but the time limits
 * of that connection.
 *
 * <p>Only the owner, the thread that has opened the scope, may fork, join and close; another thread
 * gets a {@link WrongThreadException}. Scopes nest, and a thread of a scope may open its own. This
 * is structured concurrency (JEP 505) for one connection; the threads are virtual, and their names
 * are seen in a thread dump.
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

  /**
   * Tasks in front that have not ended, and the owner until it joins: at zero the background is
   * cancelled.
   */
  private final AtomicInteger inFront = new AtomicInteger(1);

  /** The first failure of a task, set by its thread; the later ones are suppressed in it. */
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /**
   * Whether what still runs is cancelled because it is not needed any more: set before the
   * interrupts, by the owner or the last task in front. To be interrupted is no failure then.
   */
  private volatile boolean ending;

  /** Whether the owner has left without a join, as a rule because it fails; set by the owner. */
  private volatile boolean abandoned;

  /** Whether there are threads in the background; only the owner writes it, before it joins. */
  private boolean hasBackground;

  /** Whether join() has seen all tasks in front end; only the owner touches it. */
  private boolean joined;

  /** Where the output is kept, if it is; only the owner writes it. */
  private volatile @Nullable OutputBuffer outputBuffer;

  /** Whether the owner forks no more, but waits or leaves; set by itself. */
  private volatile boolean joining;

  /**
   * Held while the owner is interrupted or leaves, so that no interrupt comes after it has left.
   */
  private final ReentrantLock leaving = new ReentrantLock();

  /**
   * Whether the owner was interrupted because the connection has ended, or has left; under lock.
   */
  private boolean ownerTold;

  private ConnectionScope(SocketConnection connection, int timeoutTicks) {
    this.connection = connection;
    this.hasDeadline = timeoutTicks > 0;
    this.deadline = connection.now() + timeoutTicks;
    this.scope = Scope.open(connection.toString(), Scope.virtualThreads());
  }

  static ConnectionScope of(SocketConnection connection, Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("the timeout must not be negative: " + timeout);
    }
    return new ConnectionScope(connection, Ticks.of(timeout));
  }

  /**
   * Starts a thread whose end {@link #join()} waits for. If a task has failed before, nothing is
   * started, and {@link #join()} says why.
   *
   * @param name how the thread is called
   * @param task what it does
   * @throws IllegalStateException after {@link #join()}
   */
  public void fork(String name, Task task) {
    ensureOwner();
    inFront.incrementAndGet();
    start(
        task,
        () -> {
          Scope.After after = run(name, task);
          return leaveFront() ? Scope.After.CANCEL : after;
        });
  }

  /**
   * Starts a thread that is cancelled when all tasks in front have ended. It is interrupted then,
   * and an interrupt of a thread that writes resets the connection: a heartbeat is better offered
   * to an {@link Outbox} than written.
   *
   * @param name how the thread is called
   * @param task what it does
   * @throws IllegalStateException after {@link #join()}
   */
  public void forkBackground(String name, Task task) {
    ensureOwner();
    hasBackground = true;
    start(task, () -> run(name, task));
  }

  /**
   * Lets the handler go on where the peer does not read: what is written to {@link
   * Connection#output()} from now on, by any thread, is kept, up to a limit, and a thread of this
   * scope sends it.
   *
   * <p>This is for protocols in which a client may send many requests before it reads a reply. Some
   * read none before they have sent all. If the replies are more than the two sockets hold, the
   * handler waits for the client to read, the client for the handler to read, and {@link
   * TimeLimits#writeStall()} resets the connection. Here the handler reads on:
   *
   * {@snippet file="io/plainweave/OutputBufferTest.java" region="pipeline"}
   *
   * <p><b>The limit.</b> When so much is kept, a write waits for the peer as it does without this,
   * and one that takes nothing for the time of {@link TimeLimits#writeStall()} loses the
   * connection, be there room here or not. Each connection can cost that much memory, and its peer
   * decides whether it does: {@link ServerBuilder#maxConnections(int)} limits how many there are.
   *
   * <p><b>The stream</b> is another one than before: who holds that of {@link Connection#output()}
   * already has to ask again. {@link OutputStream#flush()} has no effect, as everything is sent as
   * soon as possible. {@link #join()} waits for what is kept when all other tasks in front have
   * returned, and from then on writes wait for the peer again. {@link Connection#finishOutput()},
   * the change to TLS and a {@link Connection#close()} by the owner wait for it, too. A close by
   * another thread, or a scope that is left without {@link #join()}, cuts what is kept, and resets
   * the connection.
   *
   * @param maxBytes how many bytes are kept at most
   * @throws IOException if what was written before cannot be sent
   * @throws IllegalArgumentException if {@code maxBytes} is less than 1
   * @throws IllegalStateException if a scope of the connection does this already, or after {@link
   *     #join()}
   */
  public void bufferOutput(int maxBytes) throws IOException {
    ensureOwner();
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1: " + maxBytes);
    }
    if (connection.scopes().outputBuffer() != null) {
      throw new IllegalStateException("the output of the %s is kept already".formatted(connection));
    }
    connection.socketOutput().flushOwn();
    var buffer = new OutputBuffer(connection, maxBytes);
    fork("output", buffer);
    outputBuffer = buffer;
  }

  /** Starts a thread for the task. An outbox is told, for those who offer before it has begun. */
  private void start(Task task, Callable<Scope.After> run) {
    if (scope.fork(run) && task instanceof Outbox outbox) {
      outbox.forked();
    }
  }

  /**
   * Waits until all tasks in front have returned, cancels the background, or waits until one has
   * failed.
   *
   * @throws Exception what the first failed task has thrown, with the others suppressed
   * @throws ConnectionClosedException if the connection was closed meanwhile: the deadline has
   *     passed, the server cancels, or somebody has closed it
   * @throws InterruptedException if the calling thread is interrupted otherwise
   */
  public void join() throws Exception {
    ensureOwner();
    joining = true;
    if (leaveFront()) {
      // There is no public cancel: a subtask that asks for it has to end.
      scope.fork(() -> Scope.After.CANCEL);
    }
    try {
      scope.join();
    } catch (InterruptedException e) {
      throw connection.closeReason() == null ? e : connection.closed(e);
    }
    joined = true;
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
   * limit. The connection stays open, unless an interrupt has met a thread that was reading or
   * writing: then it is reset.
   *
   * @throws IllegalStateException if threads were forked and {@link #join()} was not called, while
   *     the connection is in order; everything is closed all the same
   */
  @Override
  public void close() {
    ensureOwner();
    if (!joined) {
      abandoned = true;
      ending = true;
    }
    try {
      scope.close();
    } catch (IllegalStateException notJoined) {
      // Where the connection has ended, join() could have said no more than that.
      if (connection.closeReason() == null) {
        throw new IllegalStateException(
            "the scope was left without join(): what still ran in it was cancelled");
      }
    } finally {
      OutputBuffer buffer = outputBuffer;
      if (buffer != null && buffer.isKept()) {
        // The peer must not take what is cut for the whole.
        ConnectionEnd.byInterrupt(connection);
      }
      ownerLeaves();
      connection.scopeClosed(this);
    }
  }

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
   * {@snippet file="io/plainweave/ShieldTest.java" region="shield"}
   *
   * @param <T> the type of the result
   * @param task what to run
   * @return what the task returns
   * @throws Exception what the task throws
   */
  public static <T> T shielded(Callable<T> task) throws Exception {
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

  /** Where the output is kept, or null. */
  @Nullable OutputBuffer outputBuffer() {
    return outputBuffer;
  }

  /** Whether it is being cancelled because its owner is leaving without a join. */
  boolean isAbandoned() {
    return abandoned;
  }

  /**
   * Ends the connection if the deadline has passed, and wakes the owner if the connection has
   * ended; called by the reaper.
   */
  void check(int now) {
    if (hasDeadline && now - deadline >= 0) {
      connection.abort(new CloseReason.TimedOut(TimeLimit.SCOPE));
    }
    if (connection.closeReason() != null) {
      interruptOwner();
    }
  }

  /** Interrupts the owner, unless it was told before or has left. */
  private void interruptOwner() {
    leaving.lock();
    try {
      if (!ownerTold) {
        ownerTold = true;
        owner.interrupt();
      }
    } finally {
      leaving.unlock();
    }
  }

  /** Whether the owner was interrupted, or has left. */
  boolean isOwnerTold() {
    leaving.lock();
    try {
      return ownerTold;
    } finally {
      leaving.unlock();
    }
  }

  /** From here on the owner is not told any more. */
  private void ownerLeaves() {
    leaving.lock();
    try {
      ownerTold = true;
    } finally {
      leaving.unlock();
    }
  }

  /** Whether the calling thread has opened it. */
  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  boolean isOwner() {
    return Thread.currentThread() == owner;
  }

  private void ensureOwner() {
    if (!isOwner()) {
      throw new WrongThreadException("only the thread that has opened the scope may do this");
    }
  }

  /** Notes that a task in front, or the owner, is done; true if it was the last one. */
  private boolean leaveFront() {
    int left = inFront.decrementAndGet();
    OutputBuffer buffer = outputBuffer;
    if (left == 1 && joining && buffer != null) {
      buffer.finish(); // only its own task is left
    }
    boolean last = left == 0;
    if (last && hasBackground) {
      ending = true;
    }
    return last;
  }

  private Scope.After run(String name, Task task) {
    Thread.currentThread().setName(name);
    return ScopedValue.where(SocketConnection.OF_FORKED_THREAD, connection).call(() -> run(task));
  }

  private Scope.After run(Task task) {
    try {
      task.run();
      connection.scopes().ensureOwnClosed();
      return Scope.After.CONTINUE;
    } catch (Throwable e) {
      failed(e);
      connection.scopes().closeOwn();
      return Scope.After.CANCEL;
    }
  }

  /**
   * Notes a failure; the first one ends the connection. What only says that the end has come is
   * none.
   */
  @SuppressWarnings("ReferenceEquality") // an exception cannot be suppressed in itself
  private void failed(Throwable e) {
    boolean isOver = ending || connection.closeReason() != null;
    if (isOver && (e instanceof InterruptedException || e instanceof ConnectionClosedException)) {
      return;
    }
    Throwable first = failure.compareAndExchange(null, e);
    if (first == null) {
      connection.abort(EndReasons.of(e));
    } else if (first != e) {
      first.addSuppressed(e);
    }
  }
}
