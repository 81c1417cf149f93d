package io.plainweave.internal.thread;

import io.plainweave.internal.log.Log;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a thread without which the server is none makes of its failures: those for want of memory
 * pass, and it goes on. It tells of them when there is memory for that.
 *
 * <p>A lack of memory shows itself by an {@link OutOfMemoryError}; but what the JDK links or loads
 * for the first time then may fail with an {@link InternalError} or a {@link LinkageError}, such as
 * {@link BootstrapMethodError}. These may pass as well, or stay for ever, since the JVM keeps them
 * (JVMS 5.4.3): who gets nothing else for a while is broken. Only the thread itself uses it.
 */
public final class Shortage {
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long LONGEST_BREAK = TimeUnit.SECONDS.toNanos(2);
  private static final long TELLING_INTERVAL = TimeUnit.SECONDS.toNanos(10);

  /** How often any thread of any server was short of memory; it may miss one of two at a time. */
  private static volatile int seen;

  /** Failures that were not told yet. */
  private int times;

  private @Nullable Throwable latest;

  /** Since when all failures were of the kind that may stay, if {@link #mayStay}. */
  private long since;

  private boolean mayStay;
  private long nextTelling = System.nanoTime();

  /** A number that changes with each of them. */
  public static int seen() {
    return seen;
  }

  /** Notes a failure of any thread, which may be of any kind. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // it only has to change
  public static void see(Throwable failure) {
    if (failure instanceof OutOfMemoryError) {
      seen++;
    }
  }

  /** Notes a failure; returns whether the thread goes on. It allocates nothing. */
  public boolean passes(Throwable failure) {
    see(failure);
    times++;
    latest = failure;
    if (failure instanceof OutOfMemoryError) {
      mayStay = false;
      return true;
    }
    if (!(failure instanceof InternalError || failure instanceof LinkageError)) {
      return false;
    }
    long now = System.nanoTime();
    if (!mayStay) {
      mayStay = true;
      since = now;
    }
    return now - since < LONGEST_BREAK;
  }

  /** Waits a little: all that needs memory has to. */
  public static void pause() {
    LockSupport.parkNanos(PAUSE);
  }

  /** Notes that the work has succeeded. */
  public void isOver() {
    if (times > 0) {
      mayStay = false;
      long now = System.nanoTime();
      if (now - nextTelling >= 0) {
        nextTelling = now + TELLING_INTERVAL;
        Log.memoryWasShort(times, latest);
        times = 0;
        latest = null;
      }
    }
  }
}
