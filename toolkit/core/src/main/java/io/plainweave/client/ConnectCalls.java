package io.plainweave.client;

import java.io.IOException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a client that connect at this moment. They run in the threads of their callers, and
 * wait for the system, for a name server, or between two attempts: an interrupt ends each of these
 * waits when the client is closed, and reaches nobody who has left.
 */
final class ConnectCalls {
  /** What a call gets to end that was interrupted. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

  /** One call; its field is guarded by lock. */
  private static final class Call {
    private final Thread thread = Thread.currentThread();
    private boolean interrupted;
  }

  /** What a call does. */
  @FunctionalInterface
  interface Opening<T> {
    T open() throws IOException, InterruptedException;
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition left = lock.newCondition();

  /** Guarded by lock. */
  private final Set<Call> calls = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Written under lock. */
  private volatile boolean ended;

  /** Who rests until a call begins; set by itself, and guarded by lock. */
  private @Nullable Thread resting;

  /** Whether no call can begin any more. */
  boolean areEnded() {
    return ended;
  }

  /**
   * Connects in the calling thread.
   *
   * @param connector where to, for messages
   * @param undo ends what was opened too late
   * @throws IllegalStateException if the client is closed, before or meanwhile
   */
  <T> T run(Object connector, Opening<T> opening, Consumer<? super T> undo)
      throws IOException, InterruptedException {
    Call call = begin(connector);
    T connection;
    try {
      connection = opening.open();
    } catch (IOException | InterruptedException | RuntimeException e) {
      if (leave(call)) {
        throw closed(connector, e);
      }
      throw e;
    } catch (Error e) {
      leave(call);
      throw e;
    }
    if (leave(call)) {
      undo.accept(connection);
      throw closed(connector, null);
    }
    return connection;
  }

  private Call begin(Object connector) {
    var call = new Call();
    lock.lock();
    try {
      if (ended) {
        throw closed(connector, null);
      }
      calls.add(call);
      wake();
    } finally {
      lock.unlock();
    }
    return call;
  }

  /** Returns whether the client was closed meanwhile; the interrupt that told so is taken back. */
  private boolean leave(Call call) {
    lock.lock();
    try {
      calls.remove(call);
      left.signalAll();
      if (call.interrupted) {
        Thread.interrupted();
      }
      return call.interrupted;
    } finally {
      lock.unlock();
    }
  }

  /** Ends all of them, and lets none begin any more. */
  void end() {
    lock.lock();
    try {
      ended = true;
      wake();
      for (Call call : calls) {
        if (!call.interrupted) {
          call.interrupted = true;
          call.thread.interrupt();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void wake() {
    LockSupport.unpark(resting);
    resting = null;
  }

  /**
   * Lets the calling thread wait until a call begins or none can any more, unless there is one. It
   * may return before.
   *
   * @param mayRest asked whether what calls have left behind needs nobody; a call that leaves has
   *     left it before
   * @return whether it has waited
   */
  boolean awaitBegin(BooleanSupplier mayRest) {
    lock.lock();
    try {
      if (ended || !calls.isEmpty() || !mayRest.getAsBoolean()) {
        return false;
      }
      resting = Thread.currentThread();
    } finally {
      lock.unlock();
    }
    LockSupport.park(this);
    return true;
  }

  /** Waits until those that were ended have left, which takes them a moment. */
  void awaitEnd() throws InterruptedException {
    lock.lock();
    try {
      for (long nanos = PATIENCE; !calls.isEmpty() && nanos > 0; ) {
        nanos = left.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  private static IllegalStateException closed(Object connector, @Nullable Exception cause) {
    return new IllegalStateException(
        "cannot connect to " + connector + ": the client is closed", cause);
  }
}
