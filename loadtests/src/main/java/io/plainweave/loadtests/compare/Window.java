package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The time in which is measured: from when to when, and who used the processors meanwhile.
 *
 * <p>Every thread of the load asks it where it is; the first that finds it begun or over reads the
 * clocks.
 */
final class Window {
  private record Clocks(long wall, long server, long client, long busy) {
    static Clocks read(List<Long> server) throws IOException {
      return new Clocks(
          System.nanoTime(),
          ProcessorTime.nanos(server),
          ProcessorTime.nanos(List.of(ProcessHandle.current().pid())),
          ProcessorTime.busyNanos());
    }
  }

  private final List<Long> server;
  private final long begin;
  private final long end;
  private Clocks first; // guarded by this
  private Clocks last; // guarded by this

  /** A window that warms up from now on. */
  Window(LoadOrder order) throws IOException {
    Clocks.read(order.server()); // the first look takes longer than all that follow
    server = order.server();
    begin = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(order.warmUpMillis());
    end = begin + TimeUnit.MILLISECONDS.toNanos(order.millis());
  }

  /** When to stop, as {@link System#nanoTime()}. */
  long end() {
    return end;
  }

  /** Whether it has begun. */
  boolean isMeasuring(long now) throws IOException {
    if (now - begin < 0) {
      return false;
    }
    open();
    return true;
  }

  /** Whether it is over. */
  boolean isOver(long now) throws IOException {
    if (now - end < 0) {
      return false;
    }
    open(); // nothing may have happened in between
    close();
    return true;
  }

  private synchronized void open() throws IOException {
    if (first == null) {
      first = Clocks.read(server);
    }
  }

  private synchronized void close() throws IOException {
    if (last == null) {
      last = Clocks.read(server);
    }
  }

  synchronized double seconds() {
    return (last.wall - first.wall) / 1e9;
  }

  synchronized long serverNanos() {
    return last.server - first.server;
  }

  synchronized long clientNanos() {
    return last.client - first.client;
  }

  synchronized double otherCores() {
    long others = last.busy - first.busy - serverNanos() - clientNanos();
    return Math.max(0, others / 1e9 / seconds());
  }
}
