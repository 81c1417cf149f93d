package io.plainweave.internal.transport;

import io.plainweave.internal.thread.LostWakeUps;
import java.util.concurrent.locks.LockSupport;

/**
 * How long a thread that finds something to do each time may go on before it gives way to others.
 *
 * <p>A virtual thread has its carrier until it waits. One whose peer sends faster than it reads, or
 * whose socket has room for all that it writes, never waits, and without this the others would wait
 * for the end of its stream: the poller, which would wake them, among them. So whoever goes on
 * without a wait notes when its turn began, and gives way when the turn has lasted {@link #LENGTH}.
 * The input and the output of a connection do so each for itself, where they hold no buffer.
 *
 * <p><b>How it gives way.</b> On an event loop by a yield: all that is runnable has a turn before
 * it has the next one, and the loop looks at its channels and at what came from outside in between.
 *
 * <p>The JDK's scheduler, a ForkJoinPool, has more queues. A carrier goes on with its own one until
 * that is empty; then with one of those for what comes from other threads, until that is empty,
 * too; and only then looks at all of them, beginning with any. New connections, timers, and the
 * JDK's poller, which wakes ours, come through these. But a yield puts the thread behind what is in
 * the carrier's own queue, or, if there is nothing, into an outer one: threads that yield to each
 * other, or a single one to itself, keep the carrier where it is, for seconds. So now and then a
 * thread is to be in no queue at all: it parks for the shortest time, and comes back by a timer,
 * through an outer queue. Each does so at the end of its turn if for {@link #OUTSIDE} none has come
 * back that way. Thus, of n threads that go on and on, the last is gone after {@code OUTSIDE + n *
 * LENGTH} at the latest, and the carrier finds its own queue empty. Who comes back yields at once,
 * which takes it to another queue than that of the timers: otherwise these would bring the next
 * one, and again, while the carrier is still there. The first one that comes back shows that the
 * carrier has looked around, and the others need not leave any more, which costs some 20 times as
 * much as a yield.
 */
public final class Turn {
  /** No turn has begun: the thread has just waited. */
  public static final int NONE = 0;

  // In units of 1024 ns. A turn that is shorter than it takes to pass on a message of a megabyte
  // costs: others have pushed it out of the processor's cache when the thread goes on.
  private static final int LENGTH = 2_000;
  private static final int OUTSIDE = 6_000;

  /** More bytes than the JDK takes for a timer. */
  private static final int FOR_TIMER = 1024;

  /** When a thread came back from outside; of the process, as the JDK's scheduler is. */
  private static volatile int cameBackAt = now();

  private Turn() {}

  /**
   * Called where a thread goes on without a wait; gives way if its turn is over.
   *
   * @param since when its turn began, or {@link #NONE}
   * @param pollers of the server on whose scheduler it runs
   * @return when its turn began, which is now if it has given way
   */
  public static int goOn(int since, Pollers pollers) {
    int now = now();
    if (since == NONE) {
      return now;
    }
    if (isShorter(now - since, LENGTH)) {
      return since;
    }
    giveWay(now, pollers);
    return now();
  }

  /** Lets others run. */
  public static void giveWay(Pollers pollers) {
    giveWay(now(), pollers);
  }

  @SuppressWarnings("ThreadPriorityCheck") // it is about the order in a queue, not about time
  private static void giveWay(int now, Pollers pollers) {
    boolean stays = pollers.areOnEventLoops() || isShorter(now - cameBackAt, OUTSIDE);
    boolean left = !stays && !LostWakeUps.AFTER_TIMED_PARKS && leaveQueues();
    Thread.yield();
    if (left) {
      cameBackAt = now();
    }
  }

  /**
   * Parks for the shortest time; false if memory is short. Where the JDK finds none for the timer,
   * it loses the thread ({@code VirtualThread.afterYield}): better a failure here, before that.
   */
  private static boolean leaveQueues() {
    try {
      LockSupport.parkNanos(new byte[FOR_TIMER], 1);
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  /** The time, never {@link #NONE}. It wraps around after 73 minutes. */
  private static int now() {
    return (int) (System.nanoTime() >> 10) | 1;
  }

  /** Takes what wraps around for a long time, not for a negative one. */
  private static boolean isShorter(int time, int limit) {
    return Integer.compareUnsigned(time, limit) < 0;
  }
}
