package io.plainweave.admission;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A limiter of a rate")
@Timeout(30)
class RateLimiterTest {
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5); // it wraps around

  private RateLimiter of(Rate rate) {
    return RateLimiter.of(rate, clock::get);
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }

  private static int acquired(RateLimiter limiter) {
    int count = 0;
    while (limiter.tryAcquire()) {
      count++;
    }
    return count;
  }

  @Test
  void letsAllOfThemComeAtOnceAndThenOneAtATime() {
    RateLimiter limiter = of(Rate.perSecond(10));
    assertEquals(10, acquired(limiter));
    pass(Duration.ofMillis(99));
    assertEquals(0, acquired(limiter));
    pass(Duration.ofMillis(1));
    assertEquals(1, acquired(limiter));
    pass(Duration.ofMillis(350));
    assertEquals(3, acquired(limiter));
    pass(Duration.ofHours(1));
    assertEquals(10, acquired(limiter));
  }

  @Test
  void holdsTheRateOnAverageWhereSomethingCountsForSeveral() {
    RateLimiter limiter = of(Rate.perSecond(10));
    assertTrue(limiter.tryAcquire(35));
    assertFalse(limiter.tryAcquire(0), "nothing is left");
    pass(Duration.ofMillis(2_500));
    assertFalse(limiter.tryAcquire());
    pass(Duration.ofMillis(100));
    assertTrue(limiter.tryAcquire());
    assertThrows(IllegalArgumentException.class, () -> limiter.tryAcquire(-1));
    assertThrows(IllegalArgumentException.class, () -> limiter.acquire(-1));
  }

  @Test
  void isExactForManyInATime() {
    RateLimiter limiter = of(Rate.perSecond(300_000_000));
    for (int i = 0; i < 10; i++) {
      limiter.tryAcquire(300_000_000);
      pass(Duration.ofSeconds(1));
    }
    assertTrue(limiter.tryAcquire(300_000_000), "not a third of a nanosecond is lost with each");
    assertFalse(limiter.tryAcquire());
  }

  // @start region="change"
  /** Asks the database less often while it is slow. */
  private static void adapt(RateLimiter queries, Duration latency) {
    queries.changeRate(Rate.perSecond(latency.toMillis() > 100 ? 20 : 100));
  }

  // @end

  @Test
  void followsWhatItsOwnerMeasures() {
    RateLimiter queries = of(Rate.perSecond(100));
    adapt(queries, Duration.ofSeconds(1));
    assertEquals(20, acquired(queries));
    adapt(queries, Duration.ofMillis(1));
    assertEquals(Rate.perSecond(100), queries.rate());
  }

  @Test
  void canBeChanged() {
    RateLimiter limiter = of(Rate.perSecond(10));
    assertEquals(10, acquired(limiter));
    limiter.changeRate(new Rate(10, Duration.ofMillis(10))); // a hundred times as fast
    assertEquals(new Rate(10, Duration.ofMillis(10)), limiter.rate());
    pass(Duration.ofMillis(1));
    assertEquals(1, acquired(limiter));
    limiter.changeRate(Rate.UNLIMITED);
    for (int i = 0; i < 1_000_000; i++) {
      assertTrue(limiter.tryAcquire(Integer.MAX_VALUE));
    }
    limiter.changeRate(Rate.perSecond(1));
    assertEquals(1, acquired(limiter), "what came without a limit does not count");
    limiter.changeRate(new Rate(1, Duration.ofDays(1)));
    pass(Duration.ofDays(1));
    assertTrue(limiter.tryAcquire(Integer.MAX_VALUE)); // two thousand million days
    pass(Duration.ofDays(1_000));
    assertEquals(0, acquired(limiter));
  }

  @Test
  void letsThoseWaitForWhomItIsTooEarly() throws Exception {
    // @start region="queries"
    RateLimiter queries = RateLimiter.of(Rate.perSecond(100));
    for (int i = 0; i < 150; i++) {
      queries.acquire(); // a hundred at once, then one every ten milliseconds
    }
    // @end
    RateLimiter limiter = RateLimiter.of(Rate.perSecond(100));
    limiter.acquire(100);
    long begin = System.nanoTime();
    for (int i = 0; i < 50; i++) {
      limiter.acquire();
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    assertTrue(millis >= 490, () -> "fifty took ms: " + millis);
  }

  @Test
  void givesATurnToEachInTheOrderInWhichTheyCame() throws Exception {
    Rate rate = Rate.perMinute(1);
    RateLimiter limiter = of(rate);
    limiter.acquire();
    BlockingQueue<Integer> order = new LinkedBlockingQueue<>();
    for (int i = 0; i < 20; i++) {
      int number = i;
      Thread waits =
          Thread.startVirtualThread(
              new FutureTask<>(() -> {
                limiter.acquire();
                return order.add(number);
              }));
      await()
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> waits.getState(),
              state -> state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING);
    }
    assertTrue(order.isEmpty());
    for (int i = 0; i < 20; i++) {
      pass(Duration.ofMinutes(1));
      limiter.changeRate(rate); // whoever waits looks at the clock
      assertEquals(i, order.take());
    }
  }

  @Test
  void takesNothingForThoseWhoAreInterrupted() throws Exception {
    RateLimiter limiter = of(Rate.perSecond(1));
    limiter.acquire();
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, limiter::acquire);
    pass(Duration.ofSeconds(1));
    assertTrue(limiter.tryAcquire());
  }
}
