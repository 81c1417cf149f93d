package io.plainweave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A task that waits until it is cancelled, and does no I/O meanwhile. */
final class WaitingTask implements ConnectionScope.Task {
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch cancelled = new CountDownLatch(1);

  @Override
  public void run() throws InterruptedException {
    running.countDown();
    try {
      Thread.sleep(Duration.ofDays(1));
    } catch (InterruptedException e) {
      cancelled.countDown();
      throw e;
    }
  }

  void awaitRunning() throws InterruptedException {
    assertTrue(running.await(10, TimeUnit.SECONDS), "it has not started");
  }

  void awaitCancelled() throws InterruptedException {
    assertTrue(cancelled.await(10, TimeUnit.SECONDS), "it was not cancelled");
  }

  boolean isCancelledWithin(Duration time) throws InterruptedException {
    return cancelled.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  void assertStillWaiting() throws InterruptedException {
    awaitRunning();
    assertEquals(1, cancelled.getCount(), "it was cancelled");
  }
}
