package io.plainweave.client;

import io.plainweave.clock.Clock;
import io.plainweave.internal.connection.TimeRounds;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import io.plainweave.internal.time.TickTimer;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.transport.Revival;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that owns the pollers of a client, and is its reaper:
 *
 * <pre>
 *   plainweave client           looks at the time of all connections
 *   └─ plainweave poller …      one for each carrier
 * </pre>
 *
 * <p>The threads that use the connections are the user's.
 */
final class ClientThread implements Runnable {
  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(Ticks.MILLIS);

  private final ClientHome home;

  /** It outlives the caller that comes first, from which it is to keep nothing. */
  private final Thread thread =
      Thread.ofPlatform()
          .daemon()
          .inheritInheritableThreadLocals(false)
          .name("plainweave client")
          .unstarted(this);

  private final CountDownLatch ended = new CountDownLatch(1);

  private final Runnable moved = this::tickOfTest;

  /** Whether time passes by itself; else a test moves it. Set before the thread is started. */
  private boolean ticks;

  /** Only who lets time pass uses it: the thread, or a test in its place, never both. */
  private final TimeRounds rounds;

  ClientThread(ClientHome home) {
    this.home = home;
    this.rounds = new TimeRounds(home.registry());
  }

  /** Opens the pollers and starts the thread, or leaves nothing open. */
  void start() throws IOException {
    boolean complete = false;
    try {
      home.pollers().open();
      ticks = clock().movesItself(moved);
      thread.start();
      complete = true;
    } catch (OutOfMemoryError e) {
      // There may be no thread left for this process, or this user.
      throw new IOException("there is no thread for a client: " + e.getMessage(), e);
    } finally {
      if (!complete) {
        clock().forget(moved);
        home.pollers().close();
      }
    }
  }

  /** Ends the client, and waits until the thread and all that it owns have ended. */
  void stop() {
    end();
    boolean interrupted = false;
    for (boolean done = false; !done; ) {
      try {
        ended.await();
        home.calls().awaitEnd();
        done = true;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void run() {
    try {
      supervise();
    } catch (Throwable e) {
      home.cancel();
      Log.clientFailed(e);
    } finally {
      ended.countDown();
    }
  }

  private void supervise() throws InterruptedException, IOException {
    try (Scope pollers = Scope.open("plainweave client", home.pollers().threads())) {
      try {
        home.pollers().start(pollers, this::pollerFailed);
        watch();
      } finally {
        home.cancel();
        home.pollers().stop();
        pollers.join();
      }
    } finally {
      home.pollers().close();
    }
  }

  /** Ends the client, which is none without its pollers. */
  private void pollerFailed(Throwable failure) {
    Log.clientFailed(failure);
    end();
  }

  private void end() {
    home.cancel();
    LockSupport.unpark(thread);
  }

  /** What a test calls in place of a tick, in its own thread. */
  private void tickOfTest() {
    home.ticks().advance();
    rounds.check(home.ticks().now());
  }

  private void watch() {
    if (ticks) {
      watchByItself();
      return;
    }
    while (!home.calls().areEnded()) {
      LockSupport.park(this);
      Thread.interrupted();
    }
    clock().forget(moved);
  }

  private Clock clock() {
    return home.surroundings().clock();
  }

  /**
   * Looks at the time until the client is closed. While there is no connection nobody asks for it,
   * and a program that connects now and then is not to have ten wake-ups each second.
   */
  private void watchByItself() {
    var timer = new TickTimer(home.ticks());
    var revival = new Revival(home.pollers());
    var shortage = new Shortage();
    while (!home.calls().areEnded()) {
      try {
        if (home.calls().awaitBegin(home.registry()::isEmpty)) {
          timer.restart();
        }
        LockSupport.parkNanos(timer.left());
        // Nobody has a reason to interrupt this thread, and it would not wait any more.
        Thread.interrupted();
        if (timer.advance()) {
          revival.check();
          rounds.check(home.ticks().now());
          shortage.isOver();
        }
      } catch (Error e) {
        if (!shortage.passes(e)) {
          throw e;
        }
        LockSupport.parkNanos(TICK);
      }
    }
  }
}
