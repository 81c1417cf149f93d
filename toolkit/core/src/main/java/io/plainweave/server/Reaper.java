package io.plainweave.server;

import io.plainweave.event.ServerEvent;
import io.plainweave.internal.connection.TimeRounds;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.time.TickTimer;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.BufferPool;
import io.plainweave.internal.transport.DirectMemory;
import io.plainweave.internal.transport.Revival;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;

/**
 * The one thread of a server that looks at the time: at each tick it goes over the connections,
 * ends those that have taken too long, and drives the drain. A connection notes the tick of what it
 * does, which costs a field, where a timer or a timed wait for each read would cost more than the
 * read.
 *
 * <p>Its end cancels what is left of the server.
 */
final class Reaper implements Scope.Task {
  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(Ticks.MILLIS);

  private final Lifecycle lifecycle;
  private final ServerHome home;
  private final CarrierWatchdog watchdog;
  private final BacklogWatch backlogs;

  /** Ends listeners whose time has come; takes the tick. */
  private final IntConsumer listeners;

  /** Held by whoever looks: the reaper's thread, or a test that moves the clock. */
  private final ReentrantLock looking = new ReentrantLock();

  private final Runnable moved = this::tickOfTest;

  /** Whether time passes by itself; else a test moves it, from the start of the server on. */
  private final boolean ticks;

  // Only who looks uses these.

  private final Revival revival;
  private final TimeRounds timeRounds;

  Reaper(
      Lifecycle lifecycle,
      ServerHome home,
      CarrierWatchdog watchdog,
      BacklogWatch backlogs,
      IntConsumer listeners) {
    this.lifecycle = lifecycle;
    this.home = home;
    this.watchdog = watchdog;
    this.backlogs = backlogs;
    this.listeners = listeners;
    this.revival = new Revival(home.pollers());
    this.timeRounds = new TimeRounds(home.registry());
    this.ticks = home.surroundings().clock().movesItself(moved);
  }

  @Override
  public Scope.After call() throws InterruptedException {
    Thread.currentThread().setName("plainweave reaper");
    try {
      ServerState known = lifecycle.state();
      var timer = new TickTimer(home.ticks());
      var shortage = new Shortage();
      for (boolean goesOn = true; goesOn; ) {
        try {
          goesOn = lifecycle.awaitChange(known, ticks ? timer.left() : Long.MAX_VALUE);
          if (goesOn) {
            known = lifecycle.state();
            look(known, ticks && timer.advance());
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
      home.surroundings().clock().forget(moved);
      watchdog.takeBack();
      home.admission().refusals().close(home.ticks().now());
    }
    return Scope.After.CANCEL;
  }

  private void look(ServerState state, boolean ticked) {
    looking.lock();
    try {
      int now = home.ticks().now();
      if (ticked) {
        revival.check();
        watchdog.check(now);
        backlogs.check(now);
        checkLimits(now);
      }
      judge(state, now);
    } finally {
      looking.unlock();
    }
  }

  /**
   * What a test calls in place of a tick, in its own thread. How the machine fares is not to be
   * judged by such a time.
   */
  private void tickOfTest() {
    looking.lock();
    try {
      home.ticks().advance();
      int now = home.ticks().now();
      checkLimits(now);
      judge(lifecycle.state(), now);
    } finally {
      looking.unlock();
    }
  }

  private void checkLimits(int now) {
    home.datagrams().check(home.timeCheck().idleTicks(), home.observer(), now);
    home.admission().check(now);
    home.handshake().turns().check(now);
    reportIfDirectMemoryIsShort(home.buffers());
    home.observer().check();
  }

  private void judge(ServerState state, int now) {
    listeners.accept(now);
    if (state == ServerState.DRAINING) {
      drain(now);
    } else {
      timeRounds.check(now);
    }
  }

  private void reportIfDirectMemoryIsShort(BufferPool buffers) {
    int onHeap = buffers.unreported(home.ticks().now());
    if (onHeap > 0) {
      DirectMemory direct = buffers.direct();
      home.observer()
          .onEvent(new ServerEvent.DirectMemoryShort(direct.used(), direct.limit(), onHeap));
    }
  }

  private void drain(int now) {
    Drain drain = home.drain();
    if (drain.isOver(now)) {
      drain.cancel(home.registry(), home.datagrams());
      lifecycle.advanceTo(ServerState.CANCELLING);
      return;
    }
    home.registry()
        .forEach(connection -> {
          boolean finishes = connection.home().finishes(connection.slot(), now);
          if (finishes) {
            connection.drain(now);
          }
          timeRounds.check(connection, now, finishes);
        });
    timeRounds.checkStalled(now);
  }
}
