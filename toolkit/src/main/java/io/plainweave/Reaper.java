package io.plainweave;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

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

  /** The first one may come before memory is there again for everybody. */
  private static final int REVIVALS = 3;

  private static final int REVIVAL_INTERVAL = 1_000 / Ticks.MILLIS;

  private static final Consumer<SocketConnection> REVIVE =
      connection -> connection.channel().wakeAll();

  private static final int PARTS = 1_000 / Ticks.MILLIS;

  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(Ticks.MILLIS);

  /** A tick that is later than this comes after a stop, not after a busy moment. */
  private static final long LONGEST_DELAY = TimeUnit.SECONDS.toNanos(1);

  private final Lifecycle lifecycle;
  private final ConnectionContext context;
  private final CarrierWatchdog watchdog;
  private final BacklogWatch backlogs;
  private final Runnable finishListeners;
  private final Runnable closeListeners;

  // The rest is touched by the reaper's thread only.

  /** The slot at which the next part begins. */
  private int next;

  /** How often those who wait are still to be woken, after a lack of memory. */
  private int toRevive;

  /** The tick at which they were woken last. */
  private int revivedAt = -REVIVAL_INTERVAL;

  /** When the next tick is, in the nanoseconds of {@link System#nanoTime()}. */
  private long nextTick;

  Reaper(
      Lifecycle lifecycle,
      ConnectionContext context,
      CarrierWatchdog watchdog,
      BacklogWatch backlogs,
      Runnable finishListeners,
      Runnable closeListeners) {
    this.lifecycle = lifecycle;
    this.context = context;
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
          toRevive = REVIVALS;
          LockSupport.parkNanos(TICK);
        }
      }
    } finally {
      watchdog.takeBack();
      context.admission().refusals().close(context.ticks().now());
    }
    return Scope.After.CANCEL;
  }

  private void look(ServerState state) {
    long late = System.nanoTime() - nextTick;
    if (late >= 0) {
      // After a stop of the process the time that has passed does not count.
      nextTick += late < LONGEST_DELAY ? TICK : late + TICK;
      context.ticks().advance();
      reviveIfShort(context.ticks().now());
      context.datagrams().check(context.timeCheck(), context.events(), context.ticks().now());
      watchdog.check(context.ticks().now());
      backlogs.check(context.ticks().now());
      context.admission().check(context.ticks().now());
      context.preface().turns().check(context.ticks().now());
      context.events().check();
    }
    if (state == ServerState.DRAINING) {
      drain(context.ticks().now());
    } else {
      checkPart(context.ticks().now());
    }
  }

  /**
   * After a lack of memory, lets all who wait look again, once a second: the JDK may have left them
   * on their carriers, which is all of those, and then nobody can run who would wake them.
   */
  private void reviveIfShort(int now) {
    if (toRevive > 0 && now - revivedAt >= REVIVAL_INTERVAL) {
      revivedAt = now;
      toRevive--;
      context.pollers().nudge();
      context.registry().forEach(REVIVE);
    }
  }

  private void checkPart(int now) {
    int slots = context.registry().slots();
    int end = slots <= ALL_AT_ONCE ? slots : Math.min(slots, next + slots / PARTS + 1);
    context.registry().forEach(next, end, connection -> check(connection, now, false));
    next = end == slots ? 0 : end;
  }

  private void check(SocketConnection connection, int now, boolean draining) {
    context.timeCheck().apply(connection, now, draining);
  }

  private void drain(int now) {
    Drain drain = context.drain();
    if (drain.isOver(now)) {
      drain.cancel(context.registry(), context.datagrams());
      lifecycle.advanceTo(ServerState.CANCELLING);
      return;
    }
    if (drain.closesListeners(now)) {
      closeListeners.run();
    } else if (drain.finishesListeners(now)) {
      finishListeners.run();
    }
    context
        .registry()
        .forEach(connection -> {
          if (drain.tells(connection.slot, now)) {
            connection.drain(now);
          }
          check(connection, now, true);
        });
  }
}
