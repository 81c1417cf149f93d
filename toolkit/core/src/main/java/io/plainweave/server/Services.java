package io.plainweave.server;

import io.plainweave.internal.process.StopSignals;
import io.plainweave.internal.process.Stoppable;
import io.plainweave.internal.process.Waiters;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Servers and other services that are started in order, and stopped in reverse, each only when
 * those that were started after it have ended: under one signal and within one time. A service is
 * whatever can be closed.
 *
 * {@snippet file="io/plainweave/server/ServicesTest.java" region="services"}
 *
 * <p><b>Starting.</b> {@link #start} runs the code that starts a service and returns what that
 * returns. If it throws, the try statement closes those that were started, and the exception goes
 * on, with what then fails in it as suppressed.
 *
 * <p><b>Stopping.</b> SIGTERM and SIGINT stop them, as does {@link #close()}. A server that is
 * started here does not stop by itself at a signal, whatever {@link ServerBuilder#stopOnSignal}
 * says; if it fails, {@link #awaitShutdown()} throws. Each service has an equal share of the time
 * that is left for it and those that come after it, and a server no more than its {@link
 * ServerBuilder#drainTimeout}. When that is over the thread that closes the service is interrupted,
 * at which a {@linkplain Server#close() server} cancels; a second later it is left behind. A second
 * signal is the end of all shares.
 *
 * <p>All methods are safe for use by several threads, but services are started one after the other.
 */
public final class Services implements AutoCloseable {
  /**
   * Receives the failure of a server that is started by the current thread, and stops it in place
   * of a signal.
   */
  static final ScopedValue<Consumer<Throwable>> OWNER = ScopedValue.newInstance();

  private record Started(String name, AutoCloseable service) {}

  /** A service that has failed while it ran. */
  private record Failed(String name, Throwable cause) {}

  private final long timeout;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock, down to the report.

  /** Those that have not ended, the one that was started last first. */
  private final Deque<Started> started = new ArrayDeque<>();

  /** The thread in which one is started now. */
  private @Nullable Thread starting;

  /** Whether that thread was interrupted, because all are to stop. */
  private boolean startInterrupted;

  private boolean stopping;
  private boolean forced;

  /** The one that is being closed, or was the last. */
  private @Nullable ServiceClose current;

  /** Whether a thread has begun to close them. */
  private boolean closing;

  /** Set once, when all have ended. */
  private @Nullable List<ServiceEnd> report;

  /** The first that has failed while it ran, set by its thread. */
  private final AtomicReference<@Nullable Failed> failed = new AtomicReference<>();

  private final Stoppable atSignal =
      new Stoppable() {
        @Override
        public void beginToClose() {
          Services.this.shutdown();
        }

        @Override
        public void close() {
          stop();
        }

        @Override
        public void shutdownNow() {
          Services.this.shutdownNow();
        }

        @Override
        public boolean hasTerminated() {
          return isReported();
        }
      };

  private Services(Duration timeout) {
    this.timeout = TimeUnit.NANOSECONDS.convert(timeout);
  }

  /**
   * Begins with no service. From here on a signal stops those that are there.
   *
   * @param timeout how long all of them together have to stop; zero interrupts each at once
   * @return the services, to be closed
   * @throws IllegalArgumentException if the time is negative
   * @throws IllegalStateException if the process is ending
   */
  public static Services open(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("the timeout must not be negative: " + timeout);
    }
    var services = new Services(timeout);
    StopSignals.add(services.atSignal);
    return services;
  }

  /**
   * Starts a service, in the calling thread. If all are to stop meanwhile, that thread is
   * interrupted; a service that is there all the same is stopped with the others.
   *
   * @param <T> the type of the service
   * @param name how it is called in the report and in the log
   * @param start starts it, such as {@code builder::start} for a server, and returns when it is
   *     ready for those that come after it
   * @return the service
   * @throws IllegalStateException if the services stop, or another one is being started
   * @throws Exception what the start throws
   */
  public <T extends AutoCloseable> T start(String name, Callable<T> start) throws Exception {
    beginStart(name);
    @Nullable T service = null;
    try {
      Consumer<Throwable> owner = cause -> failed(new Failed(name, cause));
      service = ScopedValue.where(OWNER, owner).call(start::call);
      return service;
    } finally {
      endStart(service == null ? null : new Started(name, service));
    }
  }

  private void beginStart(String name) {
    lock.lock();
    try {
      if (stopping) {
        throw new IllegalStateException("the services stop: " + name + " does not start");
      }
      if (starting != null) {
        throw new IllegalStateException("another service is being started: " + name + " is not");
      }
      starting = Thread.currentThread();
    } finally {
      lock.unlock();
    }
  }

  private void endStart(@Nullable Started service) {
    lock.lock();
    try {
      starting = null;
      if (startInterrupted) {
        boolean _ = Thread.interrupted(); // it was meant for the start
      }
      if (service != null) {
        started.push(service);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void failed(Failed service) {
    failed.compareAndSet(null, service);
    shutdown();
  }

  /**
   * Waits until the services are to stop: for a signal, for {@link #shutdown()}, or because a
   * server among them has failed. The end of the process then waits for the calling thread as for
   * one in {@link Server#run()}.
   *
   * @throws IOException if a server has failed, with its failure as the cause
   * @throws InterruptedException if the calling thread is interrupted
   */
  public void awaitShutdown() throws IOException, InterruptedException {
    try (var _ = Waiters.begin(atSignal)) {
      lock.lockInterruptibly();
      try {
        while (!stopping) {
          changed.await();
        }
      } finally {
        lock.unlock();
      }
    }
    Failed first = failed.get();
    if (first != null) {
      throw new IOException(
          "the service " + first.name + " has failed: " + first.cause, first.cause);
    }
  }

  /**
   * Lets {@link #awaitShutdown()} return, and no other service start; whoever waits there closes
   * them. It is for threads of the services themselves, which a {@link #close()} would wait for.
   */
  public void shutdown() {
    lock.lock();
    try {
      stopping = true;
      if (starting != null && !startInterrupted) {
        startInterrupted = true;
        starting.interrupt();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The same, and the end of all shares of the time: what is being closed is interrupted. */
  public void shutdownNow() {
    lock.lock();
    try {
      forced = true;
      if (current != null) {
        current.force();
      }
    } finally {
      lock.unlock();
    }
    shutdown();
  }

  /**
   * Stops the services and waits for them. However often and from wherever it is called, they are
   * stopped once, and there is one report. If the calling thread is interrupted, it does the same
   * as {@link #shutdownNow()}, and the thread's interrupt flag stays set.
   *
   * {@snippet file="io/plainweave/server/ServicesTest.java" region="report"}
   *
   * @return how each has ended, in the order in which they were stopped
   */
  public List<ServiceEnd> stop() {
    shutdown();
    if (isFirstToClose()) {
      List<ServiceEnd> ends = closeAll();
      StopSignals.remove(atSignal);
      conclude(ends);
    }
    return awaitReport();
  }

  /**
   * Stops the services as {@link #stop()} does.
   *
   * @throws IOException if one could not be closed, with the first failure as the cause and the
   *     others as suppressed by it
   */
  @Override
  public void close() throws IOException {
    @Nullable IOException thrown = null;
    for (ServiceEnd end : stop()) {
      if (end.failure().isPresent()) {
        Throwable cause = end.failure().get();
        var failure = new IOException("cannot close " + end.name() + ": " + cause, cause);
        if (thrown == null) {
          thrown = failure;
        } else {
          thrown.addSuppressed(failure);
        }
      }
    }
    if (thrown != null) {
      throw thrown;
    }
  }

  private boolean isFirstToClose() {
    lock.lock();
    try {
      boolean first = !closing;
      closing = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  private boolean isReported() {
    lock.lock();
    try {
      return report != null;
    } finally {
      lock.unlock();
    }
  }

  private void conclude(List<ServiceEnd> ends) {
    lock.lock();
    try {
      report = List.copyOf(ends);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private List<ServiceEnd> awaitReport() {
    boolean interrupted = false;
    lock.lock();
    try {
      while (report == null) {
        try {
          changed.await();
        } catch (InterruptedException e) {
          interrupted = true;
          shutdownNow();
        }
      }
      return report;
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Closes one after the other, the latest first. */
  private List<ServiceEnd> closeAll() {
    long deadline = System.nanoTime() + timeout;
    List<ServiceEnd> ends = new ArrayList<>();
    boolean interrupted = !awaitStart(deadline);
    for (ServiceClose next; (next = next(deadline)) != null; ) {
      if (!next.run()) {
        interrupted = true;
        shutdownNow();
      }
      ends.add(next.end());
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return ends;
  }

  private @Nullable ServiceClose next(long deadline) {
    lock.lock();
    try {
      int sharers = started.size();
      Started last = started.poll();
      if (last == null) {
        return null;
      }
      long left = forced ? 0 : Math.max(0, deadline - System.nanoTime());
      current = new ServiceClose(last.name, last.service, left / sharers);
      return current;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the start that goes on, which was interrupted; false if this thread is, too. */
  private boolean awaitStart(long deadline) {
    lock.lock();
    try {
      while (starting != null && !starting.equals(Thread.currentThread()) && !forced) {
        long left = deadline - System.nanoTime();
        if (left <= 0 || changed.awaitNanos(left) <= 0) {
          return true;
        }
      }
      return true;
    } catch (InterruptedException e) {
      forced = true;
      return false;
    } finally {
      lock.unlock();
    }
  }
}
