package io.plainweave.internal.time;

import io.plainweave.Deadline;
import java.io.IOException;
import java.time.Duration;

/**
 * The wait of a thread that has a {@link Deadline}. The reaper wakes it, and the thread sees for
 * itself that its time is over: a park with a timeout would cost twice as much as the read
 * (decision 3), some JDKs lose the next wake-up behind it ({@link
 * io.plainweave.internal.thread.LostWakeUps}), and without memory for its timer the thread is lost.
 *
 * @param end the tick at which it is woken
 * @param wake wakes it
 */
public record DeadlineWait(int end, Runnable wake) {
  /** A wait for the socket. */
  @FunctionalInterface
  public interface ForSocket {
    void run() throws IOException;
  }

  /** Whether the calling thread has a deadline. */
  public static boolean isNeeded() {
    return Deadline.remaining().isPresent();
  }

  /** Whether the deadline of the calling thread has passed. */
  public static boolean isOver() {
    return Deadline.remaining().filter(Duration::isZero).isPresent();
  }

  /** The wait of the calling thread, which has a deadline. */
  public static DeadlineWait of(int now, Runnable wake) {
    // The tick of now may be about to end: one more, so that the time is certainly over then.
    int left = Ticks.of(Deadline.remaining().orElseThrow());
    return new DeadlineWait(left == Ticks.NEVER - 1 ? now + left : now + left + 1, wake);
  }

  public void check(int now) {
    if (now - end >= 0) {
      wake.run();
    }
  }
}
