package io.plainweave.server;

import io.plainweave.event.HandlerPosition;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.event.TaskPosition;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.thread.JdkScheduler;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.Pollers;
import io.plainweave.internal.udp.DatagramRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Notices when no virtual thread can run. The scheduler does not take a carrier away from code that
 * computes, or that blocks in a file or native code, for ever: as many such handlers as there are
 * carriers stop the whole process.
 *
 * <p>A platform thread, the reaper's, starts a virtual thread now and then and looks whether it has
 * run, one on the JDK's scheduler and one on each event loop. If not, the watchdog says which
 * handlers and background tasks are on the carriers, and may add a carrier to the JDK's; it takes
 * them back when all is well again.
 */
final class CarrierWatchdog {
  /** After how long without any virtual thread it reports; {@link ServerBuilder} says it, too. */
  private static final int ALARM = 1_500 / Ticks.MILLIS;

  private static final int BEAT = 200 / Ticks.MILLIS;

  /** How long all must have been well before an added carrier is taken back. */
  private static final int RECOVERY = 10_000 / Ticks.MILLIS;

  private static final int MOST_POSITIONS = 16;

  /** More than fit into any queue that the scheduler is likely to have. */
  private static final int MOST_NUDGES = 100_000;

  private final ConnectionRegistry registry;
  private final DatagramRegistry datagrams;
  private final ServerObserver observer;
  private final Pollers pollers;
  private final BackgroundTasks background;
  private final int maxCarriers;

  // The rest is touched by the reaper only.

  /** Whether the last beat has not run on the JDK's scheduler: 1 or 0. */
  private AtomicInteger carriersBehind = new AtomicInteger();

  /** On how many event loops it has not. */
  private AtomicInteger loopsBehind = new AtomicInteger();

  private int beatSince;
  private int alarmedAt;
  private boolean alarmed;
  private int added;

  CarrierWatchdog(ServerHome home, int maxCarriers) {
    this.registry = home.registry();
    this.datagrams = home.datagrams();
    this.observer = home.observer();
    this.pollers = home.pollers();
    this.background = home.background();
    this.maxCarriers = maxCarriers;
  }

  /** Looks; called at every tick. */
  void check(int now) {
    if (carriersBehind.get() == 0 && loopsBehind.get() == 0) {
      if (now - beatSince >= BEAT) {
        beatSince = now;
        beat();
      }
      if (alarmed && now - alarmedAt >= RECOVERY && canSpareWhatWasAdded()) {
        alarmed = false;
        takeBack();
      }
      return;
    }
    if (now - beatSince >= ALARM && (!alarmed || now - alarmedAt >= ALARM)) {
      alarmed = true;
      alarmedAt = now;
      alarm(now);
    }
  }

  private void beat() {
    // If there is no memory for one, this beat is none: nobody is to wait for it.
    carriersBehind = beatOn(List.of(Scope.virtualThreads()));
    loopsBehind = beatOn(pollers.threadsOnLoops());
  }

  private static AtomicInteger beatOn(List<ThreadFactory> schedulers) {
    var behind = new AtomicInteger(schedulers.size());
    for (ThreadFactory threads : schedulers) {
      threads.newThread(behind::decrementAndGet).start();
    }
    return behind;
  }

  /** Takes back what was added; called at the end of the server, too. */
  void takeBack() {
    if (added > 0) {
      JdkScheduler.setCarriers(Math.max(1, JdkScheduler.carriers() - added));
      added = 0;
    }
  }

  /** Whether a carrier would be left if those that were added were gone: the others may be kept. */
  private boolean canSpareWhatWasAdded() {
    return JdkScheduler.busyCarriers() < JdkScheduler.carriers() - added;
  }

  private void alarm(int now) {
    List<HandlerPosition> running = running();
    List<TaskPosition> tasks =
        background.running().stream().filter(task -> isOnCarrier(task.stack())).toList();
    int carriers = JdkScheduler.carriers();
    if (carriersBehind.get() > 0 && carriers < maxCarriers && JdkScheduler.canBeChanged()) {
      carriers++;
      JdkScheduler.setCarriers(carriers);
      added++;
      putToWork(carriers);
    }
    int parallelism = loopsBehind.get() > 0 ? pollers.loopThreads() : carriers;
    Duration waited = Duration.ofMillis((long) (now - beatSince) * Ticks.MILLIS);
    observer.onEvent(new ServerEvent.CarriersBusy(waited, parallelism, running, tasks));
  }

  /**
   * Gets the added carrier going. The scheduler, a ForkJoinPool, wakes or creates one only when it
   * is given a task while the queue for it seems empty, or when that queue has to grow. No queue is
   * empty now, so tasks that do nothing are added until one has to grow.
   */
  private void putToWork(int carriers) {
    for (int i = 0; i < MOST_NUDGES && JdkScheduler.busyCarriers() < carriers; i++) {
      Thread.startVirtualThread(() -> {});
    }
  }

  private List<HandlerPosition> running() {
    List<HandlerPosition> running = new ArrayList<>();
    registry.forEach(connection -> {
      if (running.size() < MOST_POSITIONS && connection.isRunning()) {
        addIfOnCarrier(running, connection.position());
      }
    });
    datagrams.forEach(run -> {
      if (running.size() < MOST_POSITIONS && run.isRunning()) {
        addIfOnCarrier(running, run.position());
      }
    });
    return running;
  }

  private static void addIfOnCarrier(
      List<HandlerPosition> running, @Nullable HandlerPosition position) {
    if (position != null && isOnCarrier(position.stack())) {
      running.add(position);
    }
  }

  /** A thread that waits for a carrier has its innermost frames where it left the last one. */
  private static boolean isOnCarrier(List<StackTraceElement> stack) {
    return !stack.isEmpty() && !stack.getFirst().getClassName().equals("java.lang.VirtualThread");
  }
}
