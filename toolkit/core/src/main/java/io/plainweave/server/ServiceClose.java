package io.plainweave.server;

import io.plainweave.internal.log.Log;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The close of one of the {@link Services}, in a thread of its own, so that it can be left behind.
 */
final class ServiceClose {
  /** What a service gets to end after the interrupt. */
  private static final Duration FORCED_TIMEOUT = Duration.ofSeconds(1);

  private final String name;
  private final AutoCloseable service;

  /** Its share of the time, in nanoseconds. */
  private final long share;

  private final long begun = System.nanoTime();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock.

  private boolean done;
  private boolean forced;
  private @Nullable Throwable failure;
  private ServiceEnd.Outcome outcome = ServiceEnd.Outcome.CLOSED;

  ServiceClose(String name, AutoCloseable service, long share) {
    this.name = name;
    this.service = service;
    this.share = share;
  }

  /**
   * Waits for the close within its share, and a moment more; false if the caller is interrupted.
   */
  boolean run() {
    Thread thread =
        Thread.ofPlatform().daemon().name("plainweave stop " + name).unstarted(this::close);
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      // There may be no thread left for this process, or this user.
      close();
    }
    boolean uninterrupted;
    lock.lock();
    try {
      uninterrupted = await(begun + share, true);
      if (!done) {
        outcome = ServiceEnd.Outcome.FORCED;
        thread.interrupt();
        uninterrupted &= await(System.nanoTime() + FORCED_TIMEOUT.toNanos(), false);
        outcome = done ? outcome : ServiceEnd.Outcome.LEFT;
      }
    } finally {
      lock.unlock();
    }
    tell(end());
    return uninterrupted;
  }

  /** Ends its share. */
  void force() {
    lock.lock();
    try {
      forced = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void close() {
    @Nullable Throwable thrown = null;
    try {
      service.close();
      if (service instanceof Server server && Thread.interrupted()) {
        // It was cancelled, and has not waited for its end, for which the next service waits.
        server.awaitTermination(FORCED_TIMEOUT);
      }
    } catch (Throwable e) {
      thrown = e;
    }
    lock.lock();
    try {
      done = true;
      failure = thrown;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until it is done, or the time is over; false if the calling thread is interrupted. */
  private boolean await(long end, boolean untilForced) {
    try {
      for (long left; !done && !(untilForced && forced); ) {
        left = end - System.nanoTime();
        if (left <= 0) {
          return true;
        }
        changed.awaitNanos(left);
      }
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private static void tell(ServiceEnd end) {
    long millis = end.elapsed().toMillis();
    if (end.failure().isPresent()) {
      Log.SERVER.warn("cannot close {}, after {} ms", end.name(), millis, end.failure().get());
    } else if (end.outcome() == ServiceEnd.Outcome.CLOSED) {
      Log.SERVER.info("stopped {} in {} ms", end.name(), millis);
    } else {
      Log.SERVER.warn("stopped {} in {} ms: {}", end.name(), millis, end.outcome());
    }
  }

  ServiceEnd end() {
    lock.lock();
    try {
      return new ServiceEnd(
          name, outcome, Duration.ofNanos(System.nanoTime() - begun), Optional.ofNullable(failure));
    } finally {
      lock.unlock();
    }
  }
}
