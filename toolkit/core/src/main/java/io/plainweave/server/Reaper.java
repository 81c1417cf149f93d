package io.plainweave.server;

import io.plainweave.event.ServerEvent;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.thread.JdkThreads;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.DirectMemory;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The one thread of a server that looks at the time: at each tick it goes over the connections,
 * ends those that have taken too long, and drives the drain. A connection notes the tick of what it
 * does, which costs a field, where a timer or a timed wait for each read would cost more than the
 * read.
 *
 * <p>Its end cancels what is left of the server.
 */
final class Reaper implements Callable<Scope.After> {
  /**
   * Of more connections than this only a part is looked at in each tick, so that each has its turn
   * once a second.
   */
  private static final int ALL_AT_ONCE = 10_000;

  /** The first ones may come before there is memory again for everybody. */
  private static final int REVIVALS = 2_000 / Ticks.MILLIS;

  private static final int PARTS = 1_000 / Ticks.MILLIS;

  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(Ticks.MILLIS);

  /** A tick that is later than this comes after a stop, not after a busy moment. */
  private static final long LONGEST_DELAY = TimeUnit.SECONDS.toNanos(1);

  private final JdkThreads jdkThreads = JdkThreads.find();
  private final Lifecycle lifecycle;
  private final ServerHome home;
  private final CarrierWatchdog watchdog;
  private final BacklogWatch backlogs;
  private final Runnable finishListeners;
  private final Runnable closeListeners;

  // The rest is touched by the reaper's thread only.

  /** The slot at which the next part begins. */
  private int next;

  /** The number of {@link Shortage#seen()} when it was looked at. */
  private int known = Shortage.seen();

  /** In how many ticks something is still to be revived after a lack of memory. */
  private int revivals;

  /** When the next tick is, in the nanoseconds of {@link System#nanoTime()}. */
  private long nextTick;

  Reaper(
      Lifecycle lifecycle,
      ServerHome home,
      CarrierWatchdog watchdog,
      BacklogWatch backlogs,
      Runnable finishListeners,
      Runnable closeListeners) {
    this.lifecycle = lifecycle;
    this.home = home;
    this.watchdog = watchdog;
    this.backlogs = backlogs;
    this.finishListeners = finishListeners;
    this.closeListeners = closeListeners;
  }

  @Override
  public Scope.After call() throws InterruptedException {
    Thread.currentThread().setName("plainweave reaper");
    try {
      ServerState known = lifecycle.state();
      nextTick = System.nanoTime() + TICK;
      var shortage = new Shortage();
      for (boolean goesOn = true; goesOn; ) {
        try {
          goesOn = lifecycle.awaitChange(known, nextTick - System.nanoTime());
          if (goesOn) {
            known = lifecycle.state();
            look(known);
            shortage.isOver();
          }
        } catch (Error e) {
          if (!shortage.passes(e)) {
            throw e;
          }
          // It is for the handlers to end by it, not for the server. The next tick looks again.
          LockSupport.parkNanos(TICK);
        }
      }
    } finally {
      watchdog.takeBack();
      home.admission().refusals().close(home.ticks().now());
    }
    return Scope.After.CANCEL;
  }

  private void look(ServerState state) {
    long late = System.nanoTime() - nextTick;
    if (late >= 0) {
      // After a stop of the process the time that has passed does not count.
      nextTick += late < LONGEST_DELAY ? TICK : late + TICK;
      home.ticks().advance();
      reviveAfterShortage();
      home.datagrams().check(home.timeCheck().idleTicks(), home.observer(), home.ticks().now());
      watchdog.check(home.ticks().now());
      backlogs.check(home.ticks().now());
      home.admission().check(home.ticks().now());
      home.handshake().turns().check(home.ticks().now());
      tellIfDirectMemoryIsShort(home.buffers());
      home.observer().check();
    }
    if (state == ServerState.DRAINING) {
      drain(home.ticks().now());
    } else {
      checkPart(home.ticks().now());
    }
  }

  private void tellIfDirectMemoryIsShort(BufferPool buffers) {
    int onHeap = buffers.toTell(home.ticks().now());
    if (onHeap > 0) {
      DirectMemory direct = buffers.direct();
      home.observer()
          .onEvent(new ServerEvent.DirectMemoryShort(direct.used(), direct.limit(), onHeap));
    }
  }

  /**
   * After a lack of memory, brings to life again what the JDK may have left hanging, and looks
   * whether it has survived itself.
   */
  private void reviveAfterShortage() {
    int shortages = Shortage.seen();
    if (shortages != known) {
      known = shortages;
      revivals = REVIVALS;
    }
    if (revivals > 0) {
      revivals--;
      JdkThreads.wakeCarriers();
      home.pollers().nudge();
    }
    Thread dead = jdkThreads.dead();
    if (dead != null) {
      throw new IllegalStateException(
          "the JDK has lost its thread " + dead.getName() + ", most likely for want of memory");
    }
  }

  private void checkPart(int now) {
    int slots = home.registry().slots();
    int end = slots <= ALL_AT_ONCE ? slots : Math.min(slots, next + slots / PARTS + 1);
    home.registry().forEach(next, end, connection -> check(connection, now, false));
    next = end == slots ? 0 : end;
  }

  private static void check(SocketConnection connection, int now, boolean draining) {
    connection.home().timeCheck().apply(connection, now, draining);
  }

  private void drain(int now) {
    Drain drain = home.drain();
    if (drain.isOver(now)) {
      drain.cancel(home.registry(), home.datagrams());
      lifecycle.advanceTo(ServerState.CANCELLING);
      return;
    }
    if (drain.closesListeners(now)) {
      closeListeners.run();
    } else if (drain.finishesListeners(now)) {
      finishListeners.run();
    }
    home.registry()
        .forEach(connection -> {
          if (drain.tells(connection.slot(), now)) {
            connection.drain(now);
          }
          check(connection, now, true);
        });
  }
}
