package io.plainweave.internal.transport;

import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import java.io.IOException;
import java.lang.reflect.InaccessibleObjectException;
import java.nio.channels.ClosedSelectorException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The pollers of a server, one for each carrier: a carrier then wakes threads beside itself, where
 * a single poller would hand half of them to another core.
 */
public final class Pollers {
  private final int eventLoops;

  // Set when they are opened, before the first connection.
  private volatile List<Poller> pollers = List.of();
  private volatile List<? extends Callable<Scope.After>> tasks = List.of();
  private volatile List<EventLoop> loops = List.of();
  private volatile boolean onEventLoops;

  private final AtomicInteger connections = new AtomicInteger();

  /**
   * Describes the pollers.
   *
   * @param eventLoops on how many event loops they run; 0 to run as virtual threads
   */
  public Pollers(int eventLoops) {
    this.eventLoops = eventLoops;
  }

  /** Opens them. What is open after a failure is closed by {@link #close()}. */
  public void open() throws IOException {
    if (eventLoops > 0) {
      try {
        openLoops();
        return;
      } catch (ReflectiveOperationException | InaccessibleObjectException e) {
        Log.noEventLoops(e);
      }
    }
    openVirtual();
  }

  private void openLoops() throws IOException, ReflectiveOperationException {
    List<EventLoop> loops = new ArrayList<>();
    try {
      for (int i = 0; i < eventLoops; i++) {
        loops.add(new EventLoop());
      }
      onEventLoops = true;
    } finally {
      tasks = loops;
      this.loops = loops;
      pollers = loops.stream().map(EventLoop::poller).toList();
    }
  }

  private void openVirtual() throws IOException {
    List<Poller> opened = new ArrayList<>();
    try {
      for (int i = 0; i < carriers(); i++) {
        opened.add(Poller.open(Scope.virtualThreads()));
      }
    } finally {
      tasks = opened;
      pollers = opened;
    }
  }

  /** As many as the scheduler of the virtual threads has carriers, in the words of its own. */
  private static int carriers() {
    int processors = Runtime.getRuntime().availableProcessors();
    return Math.max(1, Integer.getInteger("jdk.virtualThreadScheduler.parallelism", processors));
  }

  /** What their threads run. */
  public List<? extends Callable<Scope.After>> tasks() {
    return tasks;
  }

  /** Makes their threads. */
  public ThreadFactory threads() {
    return onEventLoops ? Thread.ofPlatform().factory() : Scope.virtualThreads();
  }

  /** Makes a thread for each scheduler that runs connections. */
  public List<ThreadFactory> schedulers() {
    List<ThreadFactory> all = pollers.stream().map(Poller::threads).toList();
    return onEventLoops ? all : all.subList(0, 1);
  }

  /** Whether connections run on event loops, and not on the JDK's scheduler. */
  public boolean areOnEventLoops() {
    return onEventLoops;
  }

  /** Looks at the channels of those event loops that do not; see there. */
  public void lookInstead() {
    for (EventLoop loop : loops) {
      try {
        loop.lookInstead();
      } catch (IOException | ClosedSelectorException e) {
        // The loop itself meets it in its next round.
      }
    }
  }

  /** The poller of a new connection. */
  public Poller next() {
    List<Poller> all = pollers;
    return all.get(Math.floorMod(connections.getAndIncrement(), all.size()));
  }

  /**
   * Lets connections that were on a loop whose poller has failed come to their end; called by the
   * thread of the task, after that.
   */
  public static void finish(Callable<Scope.After> task) {
    if (task instanceof EventLoop loop) {
      loop.runWithoutPoller();
    }
  }

  /** As {@link Poller#nudge()}, each of them. */
  public void nudge() {
    List<Poller> all = pollers;
    for (int i = 0; i < all.size(); i++) {
      all.get(i).nudge();
    }
  }

  /** Tells them to end, when no connection is left. */
  public void stop() {
    pollers.forEach(Poller::stop);
  }

  /** Closes them if they were never run. */
  public void close() throws IOException {
    for (Poller poller : pollers) {
      poller.close();
    }
  }
}
