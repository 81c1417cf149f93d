package io.plainweave.loadtests.soak;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** The clients of a run, as many threads as connections at once. */
final class Visitors implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final ExecutorService threads;
  private final List<Visitor> visitors = new ArrayList<>();
  private final AtomicLong next = new AtomicLong();
  private final AtomicLongArray made = new AtomicLongArray(Visit.values().length);

  Visitors(int atOnce, int port, int tlsPort, Path path) {
    threads = Executors.newFixedThreadPool(atOnce, Thread.ofPlatform().daemon().factory());
    InetAddress loopback = InetAddress.getLoopbackAddress();
    for (int i = 0; i < atOnce; i++) {
      visitors.add(
          new Visitor(
              new InetSocketAddress(loopback, port),
              new InetSocketAddress(loopback, tlsPort),
              UnixDomainSocketAddress.of(path)));
    }
  }

  /** How many visits there were. */
  long made() {
    return next.get();
  }

  /** How many there were of one kind. */
  long made(Visit visit) {
    return made.get(visit.ordinal());
  }

  /**
   * Makes visits until there were so many in all, and waits for the last one's end.
   *
   * @throws RunFailed if one was not served, or does not end
   */
  void makeUpTo(long end) throws InterruptedException {
    List<Future<?>> running = new ArrayList<>();
    for (Visitor visitor : visitors) {
      running.add(threads.submit(() -> visit(visitor, end)));
    }
    for (Future<?> one : running) {
      awaitEnd(one);
    }
    next.set(end);
  }

  private void awaitEnd(Future<?> one) throws InterruptedException {
    long last = -1;
    while (true) {
      try {
        one.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return;
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RunFailed failed
            ? failed
            : new RunFailed("because a client failed: " + e.getCause(), e.getCause());
      } catch (TimeoutException e) {
        long now = next.get();
        if (now == last) {
          throw new RunFailed("because no client gets on, at connection " + now);
        }
        last = now;
      }
    }
  }

  private Void visit(Visitor visitor, long end) {
    for (long number; (number = next.getAndIncrement()) < end; ) {
      Visit visit = Visit.of(number);
      try {
        visitor.make(visit, number);
      } catch (IOException e) {
        throw new RunFailed(
            "because connection %,d (%s) was not served: %s".formatted(number, visit, e), e);
      }
      made.incrementAndGet(visit.ordinal());
    }
    return null;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
