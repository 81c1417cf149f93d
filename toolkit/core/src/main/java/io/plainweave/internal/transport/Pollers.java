package io.plainweave.internal.transport;

import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import java.io.IOException;
import java.lang.reflect.InaccessibleObjectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The pollers of a server, one for each carrier: a carrier then wakes threads beside itself, where
 * a single poller would hand half of them to another core.
 */
public final class Pollers {
  /** Stands for as many event loops as there are carriers, where the JDK lets us have them. */
  public static final int AUTOMATIC = -1;

  private final int eventLoops;
  private final int maxCarriers;

  // Set when they are opened, before the first connection.
  private volatile List<Poller> pollers = List.of();

  /** On which connections run; null if they run on the JDK's scheduler. */
  private volatile @Nullable EventLoops loops;

  private final AtomicInteger connections = new AtomicInteger();

  /**
   * Describes the pollers.
   *
   * @param eventLoops on how many event loops they run, or {@link #AUTOMATIC}; 0 to run as virtual
   *     threads
   * @param maxCarriers how many threads may run the event loops
   */
  public Pollers(int eventLoops, int maxCarriers) {
    this.eventLoops = eventLoops;
    this.maxCarriers = maxCarriers;
  }

  /** With a poller of the caller's, which is open. */
  Pollers(Poller only) {
    this(0, 0);
    pollers = List.of(only);
  }

  /** Opens them. What is open after a failure is closed by {@link #close()}. */
  public void open() throws IOException {
    if (eventLoops > 0 || (eventLoops == AUTOMATIC && EventLoop.mayBeMade())) {
      try {
        int count = eventLoops > 0 ? eventLoops : carriers();
        EventLoops opened = EventLoops.open(count, maxCarriers, LoopThread::new);
        pollers = opened.all().stream().map(EventLoop::poller).toList();
        loops = opened;
        return;
      } catch (ReflectiveOperationException | InaccessibleObjectException e) {
        Log.noEventLoops(e);
      }
    }
    openVirtual();
  }

  private void openVirtual() throws IOException {
    List<Poller> opened = new ArrayList<>();
    try {
      for (int i = 0; i < carriers(); i++) {
        opened.add(Poller.open(Scope.virtualThreads()));
      }
    } finally {
      pollers = opened;
    }
  }

  /** As many as the scheduler of the virtual threads has carriers, in the words of its own. */
  private static int carriers() {
    int processors = Runtime.getRuntime().availableProcessors();
    return Math.max(1, Integer.getInteger("jdk.virtualThreadScheduler.parallelism", processors));
  }

  /** Makes the threads that {@link #start} forks. */
  public ThreadFactory threads() {
    return areOnEventLoops() ? Thread.ofPlatform().factory() : Scope.virtualThreads();
  }

  /**
   * Starts their threads in a scope whose threads are {@linkplain #threads() made here}.
   *
   * @param failed what is to be done if one of them has failed for good: it wakes nobody any more
   */
  public void start(Scope scope, Consumer<Throwable> failed) throws InterruptedException {
    EventLoops loops = this.loops;
    if (loops != null) {
      loops.start(scope, failed);
      return;
    }
    for (Poller poller : pollers) {
      scope.fork(() -> {
        try {
          poller.call();
          if (!poller.isDismissed()) {
            throw new IllegalStateException("a poller has ended while it was needed");
          }
        } catch (Throwable e) {
          failed.accept(e);
        }
        return Scope.After.CONTINUE;
      });
    }
  }

  /** The pollers, none before they are opened. */
  public List<Poller> all() {
    return pollers;
  }

  /** Each makes threads on one of the event loops; empty if there are none. */
  public List<ThreadFactory> threadsOnLoops() {
    return areOnEventLoops() ? pollers.stream().map(Poller::threads).toList() : List.of();
  }

  /** How many threads there are for the event loops, those that a task keeps among them. */
  public int loopThreads() {
    EventLoops loops = this.loops;
    return loops == null ? 0 : loops.threads();
  }

  /** The processor time of these threads, and of those that were not needed any more. */
  public Duration loopTime() {
    EventLoops loops = this.loops;
    return loops == null ? Duration.ZERO : Duration.ofNanos(loops.processorNanos());
  }

  /** How many virtual threads wait for their turn on the event loops, about. */
  public long queued() {
    EventLoops loops = this.loops;
    return loops == null ? 0 : loops.queued();
  }

  /** Whether connections run on event loops, and not on the JDK's scheduler. */
  public boolean areOnEventLoops() {
    return loops != null;
  }

  /** The poller of a new connection. */
  public Poller next() {
    List<Poller> all = pollers;
    return all.get(Math.floorMod(connections.getAndIncrement(), all.size()));
  }

  /** As {@link Poller#nudge()}, each of them. */
  public void nudge() {
    EventLoops loops = this.loops;
    if (loops != null) {
      loops.nudge();
      return;
    }
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
