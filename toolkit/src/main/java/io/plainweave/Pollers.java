package io.plainweave;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The pollers of a server, one for each carrier: a carrier then wakes threads beside itself, where
 * a single poller would hand half of them to another core.
 */
final class Pollers {
  /** Set before the first connection. */
  private volatile List<Poller> pollers = List.of();

  private final AtomicInteger connections = new AtomicInteger();

  /** Opens them. What is open after a failure is closed by {@link #close()}. */
  void open() throws IOException {
    List<Poller> opened = new ArrayList<>();
    try {
      for (int i = 0; i < carriers(); i++) {
        opened.add(Poller.open());
      }
    } finally {
      pollers = List.copyOf(opened);
    }
  }

  /** As many as the scheduler of the virtual threads has carriers, in the words of its own. */
  private static int carriers() {
    int processors = Runtime.getRuntime().availableProcessors();
    return Math.max(1, Integer.getInteger("jdk.virtualThreadScheduler.parallelism", processors));
  }

  List<Poller> all() {
    return pollers;
  }

  /** The poller of a new connection. */
  Poller next() {
    List<Poller> all = pollers;
    return all.get(Math.floorMod(connections.getAndIncrement(), all.size()));
  }

  /** Tells them to end, when no connection is left. */
  void stop() {
    pollers.forEach(Poller::stop);
  }

  /** Closes them if they were never run. */
  void close() throws IOException {
    for (Poller poller : pollers) {
      poller.close();
    }
  }
}
