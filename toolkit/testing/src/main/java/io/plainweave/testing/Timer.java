package io.plainweave.testing;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What lets something happen later, by whatever clock. */
interface Timer {
  /** By that of the machine. */
  Timer REAL =
      new Timer() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void after(long nanos, Runnable work) {
          CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS).execute(work);
        }
      };

  /** Waits for so much time. */
  default void sleep(long nanos) throws InterruptedException {
    var over = new CountDownLatch(1);
    after(nanos, over::countDown);
    over.await();
  }

  /** What time it is, in nanoseconds from an unknown moment. */
  long nanoTime();

  /** Does this when so much time has passed, in another thread perhaps. */
  void after(long nanos, Runnable work);
}
