package io.plainweave.client;

import io.plainweave.clock.Clock;
import java.util.random.RandomGenerator;

/**
 * The pauses between attempts: each is chosen by chance between nothing and a limit, which doubles
 * from one to the next. Without chance, all who have failed in one moment would try again in one
 * moment.
 *
 * <p>This is "full jitter" of Marc Brooker, Exponential Backoff And Jitter, AWS Architecture Blog,
 * 2015: of the ways compared there, the one with the fewest attempts.
 */
final class Backoff {
  private final long longest;
  private final RandomGenerator random;

  /** The limit of the next pause, in nanoseconds; only the thread that pauses touches it. */
  private long limit;

  /** Makes one whose pauses have these limits at first and at last, in nanoseconds. */
  Backoff(long shortest, long longest, RandomGenerator random) {
    this.limit = shortest;
    this.longest = longest;
    this.random = random;
  }

  /** Returns how long the next pause is. */
  long next() {
    long pause = random.nextLong(limit + 1);
    limit = Math.min(limit * 2, longest);
    return pause;
  }

  /**
   * Makes the next pause, or a part of it.
   *
   * @param most how long it may be at most, in nanoseconds
   */
  void pause(long most) throws InterruptedException {
    long pause = Math.min(next(), most);
    Clock clock = Clock.current();
    long begin = clock.nanoTime();
    for (long left = pause; left > 0; left = pause - (clock.nanoTime() - begin)) {
      clock.parkNanos(left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }
}
