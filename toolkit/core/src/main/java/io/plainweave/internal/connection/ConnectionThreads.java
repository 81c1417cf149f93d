package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.Deadline;
import io.plainweave.DeadlineExceededException;
import io.plainweave.PeerState;
import io.plainweave.TimeLimits;
import io.plainweave.internal.thread.Belonging;
import io.plainweave.internal.thread.CarriedContext;
import io.plainweave.internal.thread.ForkedTask;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.time.Ticks;
import io.plainweave.text.OneLine;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The scope of a connection over a socket. */
final class ConnectionThreads implements ConnectionScope, ForkedTask.Siblings {
  /** Stands for a task that does not want to know that it was forked. */
  private static final Task NOT_TOLD = () -> {};

  private final Wire connection;
  private final Scope scope;
  private final Thread owner = Thread.currentThread();

  /** The tick at which everything ends, if {@link #hasDeadline}. */
  private final int deadline;

  private final boolean hasDeadline;

  /** Binds the same to its threads, if it is not one that they inherit. */
  private final @Nullable Deadline own;

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

  /** When nobody needs the work any more, if the peer decides that; only the owner writes it. */
  private volatile @Nullable PeerState endsWhen;

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

  private ConnectionThreads(Wire connection, Duration timeout) {
    this.connection = connection;
    this.own = timeout.isZero() ? null : Deadline.in(timeout);
    Optional<Duration> inherited = Deadline.remaining();
    int ticks = Math.min(Ticks.ofLimit(timeout), inherited.map(Ticks::of).orElse(Ticks.NEVER));
    this.hasDeadline = ticks != Ticks.NEVER;
    this.deadline = connection.now() + ticks;
    this.scope = Scope.open(connection.toString(), Scope.virtualThreads());
  }

  static ConnectionThreads of(Wire connection, Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("the timeout must not be negative: " + timeout);
    }
    return new ConnectionThreads(connection, timeout);
  }

  @Override
  public Subtask<?> fork(String name, Task task) {
    return forkInFront(name, ForkedTask.of(this, carried(task)), task);
  }

  @Override
  public <T> Subtask<T> fork(String name, Callable<? extends T> task) {
    return forkInFront(name, new ForkedTask<T>(this, carried(task)), NOT_TOLD);
  }

  /** The task with what it is to take along from the owner. */
  private Task carried(Task task) {
    ensureOwner();
    return CarriedContext.in(connection.forkContext(), task);
  }

  private <T> Callable<? extends T> carried(Callable<? extends T> task) {
    ensureOwner();
    return CarriedContext.in(connection.forkContext(), task);
  }

  private <T> ForkedTask<T> forkInFront(String name, ForkedTask<T> forked, Task told) {
    inFront.incrementAndGet();
    return start(
        forked,
        told,
        () -> {
          Scope.After after = run(name, forked);
          return leaveFront() ? Scope.After.CANCEL : after;
        });
  }

  @Override
  public Subtask<?> forkBackground(String name, Task task) {
    ensureOwner();
    hasBackground = true;
    ForkedTask<?> forked = ForkedTask.of(this, carried(task));
    return start(forked, task, () -> run(name, forked));
  }

  @Override
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
    forkInFront("output", ForkedTask.of(this, buffer), buffer);
    outputBuffer = buffer;
  }

  @Override
  public void endWhen(PeerState state) {
    ensureOwner();
    if (state == PeerState.OPEN) {
      throw new IllegalArgumentException("a scope does not end when its peer is " + state);
    }
    endsWhen = state;
  }

  private <T> ForkedTask<T> start(ForkedTask<T> forked, Task told, Scope.Task run) {
    if (scope.fork(run)) {
      told.forked();
    } else {
      forked.neverRuns();
    }
    return forked;
  }

  @Override
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
      throw interrupted(e);
    }
    joined = true;
    failIfOver();
  }

  @Override
  public Exception interrupted(InterruptedException e) {
    return connection.reason() == null ? e : connection.closed(e);
  }

  @Override
  public void failIfOver() throws Exception {
    switch (failure.get()) {
      case null -> {
        if (connection.reason() != null) {
          throw connection.closed(null);
        }
      }
      case Exception e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new AssertionError("neither an exception nor an error", e);
    }
  }

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
      if (connection.reason() == null) {
        throw new IllegalStateException(
            "the scope was left without join(): what still ran in it was cancelled");
      }
    } finally {
      OutputBuffer buffer = outputBuffer;
      if (buffer != null && buffer.isKept()) {
        // The peer must not take what is cut for the whole.
        connection.endByInterrupt();
      }
      ownerLeaves();
      connection.scopeClosed(this);
    }
  }

  /** Where the output is kept, or null. */
  @Nullable OutputBuffer outputBuffer() {
    return outputBuffer;
  }

  @Override
  public boolean isEnding() {
    return ending;
  }

  @Override
  public boolean isAbandoned() {
    return abandoned;
  }

  /**
   * Ends the connection if the deadline has passed or the peer has gone, and wakes the owner if the
   * connection has ended; called by the reaper.
   */
  void check(int now) {
    if (hasDeadline && now - deadline >= 0) {
      connection.abort(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE));
    }
    PeerState last = endsWhen;
    if (last != null && connection.reason() == null) {
      endIfPeerIs(last);
    }
    if (connection.reason() != null) {
      interruptOwner();
    }
  }

  private void endIfPeerIs(PeerState last) {
    if (connection.channel().isWatched()) {
      return; // nothing has come since the last look
    }
    if (connection.peerState().isAtLeast(last)) {
      connection.abort(new CloseReason.PeerFinished());
    } else {
      connection.channel().watch();
    }
  }

  /** Interrupts the owner, unless it was interrupted before or has left. */
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

  /** From here on the owner is not interrupted any more. */
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

  @Override
  public void ensureOwner() {
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

  private Scope.After run(String name, ForkedTask<?> forked) {
    Thread.currentThread().setName(OneLine.of(name)); // as in Listener.toString()
    Belonging.inherit(owner);
    ScopedValue.Carrier bindings = connection.bindings().where(ForkedTask.CURRENT, forked);
    return own == null
        ? bindings.call(() -> run(forked))
        : bindings.call(() -> own.call(() -> run(forked)));
  }

  private Scope.After run(ForkedTask<?> forked) {
    try {
      forked.run();
      connection.scopes().ensureOwnClosed();
      return Scope.After.CONTINUE;
    } catch (Throwable e) {
      boolean ends = failed(e, forked.isCancelledInOrder());
      connection.scopes().closeOwn();
      return ends ? Scope.After.CANCEL : Scope.After.CONTINUE;
    } finally {
      forked.end();
    }
  }

  /**
   * Notes a failure; the first one ends the connection. What only says that the end has come is
   * none.
   *
   * @param cancelled whether the task was cancelled, and nothing else
   * @return whether the others are to be cancelled
   */
  @SuppressWarnings("ReferenceEquality") // an exception cannot be suppressed in itself
  private boolean failed(Throwable e, boolean cancelled) {
    boolean isOver = ending || connection.reason() != null;
    if ((isOver || cancelled) && saysThatItIsOver(e)) {
      return isOver;
    }
    if (e instanceof DeadlineExceededException) {
      connection.abort(CloseReason.of(e));
      return true;
    }
    Throwable first = failure.compareAndExchange(null, e);
    if (first == null) {
      connection.abortFor(e);
    } else if (first != e) {
      first.addSuppressed(e);
    }
    return true;
  }

  private static boolean saysThatItIsOver(Throwable e) {
    return e instanceof InterruptedException
        || e instanceof InterruptedIOException
        || e instanceof ConnectionClosedException;
  }
}
