package io.plainweave.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A limiter of a rate for each of many")
class KeyedRateLimiterTest {
  private final AtomicLong clock = new AtomicLong();
  private final KeyedRateLimiter<String> limiter =
      KeyedRateLimiter.of(Rate.perSecond(2), 3, clock::get);

  // @start region="logins"
  private final KeyedRateLimiter<String> logins = KeyedRateLimiter.of(Rate.perMinute(5), 100_000);

  private boolean mayTry(String user) {
    return logins.tryAcquire(user);
  }

  // @end

  @Test
  void letsEachDoTheSame() {
    for (int i = 0; i < 5; i++) {
      assertTrue(mayTry("alice"));
      assertTrue(mayTry("bob"));
    }
    assertFalse(mayTry("alice"));
    assertTrue(mayTry("carol"));
  }

  @Test
  void forgetsThoseWhoseTimeIsOver() {
    limiter.tryAcquire("a");
    limiter.tryAcquire("b");
    assertEquals(2, limiter.size());
    clock.addAndGet(Duration.ofSeconds(1).toNanos());
    limiter.tryAcquire("c");
    assertEquals(1, limiter.size());
  }

  @Test
  void forgetsInTheMomentInWhichANewcomerWouldBeTreatedTheSame() {
    limiter.tryAcquire("a");
    clock.addAndGet(Duration.ofMillis(500).toNanos() - 1);
    limiter.tryAcquire("b");
    assertEquals(2, limiter.size());
    clock.incrementAndGet();
    limiter.tryAcquire("b");
    assertEquals(1, limiter.size());
  }

  @Test
  void knowsAsManyAsItMay() {
    limiter.tryAcquire("a");
    limiter.tryAcquire("b");
    limiter.tryAcquire("c");
    assertEquals(3, limiter.size());
    var ofOne = KeyedRateLimiter.<String>of(Rate.perSecond(1), 1, clock::get);
    assertTrue(ofOne.tryAcquire("a"));
    assertFalse(ofOne.tryAcquire("a"));
  }

  @Test
  void knowsNoMoreThanItMay() {
    for (int i = 0; i < 3; i++) {
      limiter.tryAcquire("goes on");
    }
    assertFalse(limiter.tryAcquire("goes on"));
    for (int i = 0; i < 1_000; i++) {
      limiter.tryAcquire("comes once " + i);
      assertTrue(limiter.size() <= 3);
      assertFalse(limiter.tryAcquire("goes on"), "one that goes on is known");
    }
  }

  @Test
  void canBeChanged() {
    assertTrue(limiter.tryAcquire("a"));
    assertTrue(limiter.tryAcquire("a"));
    limiter.changeRate(Rate.perSecond(1)); // so one too many
    clock.addAndGet(Duration.ofMillis(1_500).toNanos());
    assertFalse(limiter.tryAcquire("a"));
    clock.addAndGet(Duration.ofMillis(500).toNanos());
    assertTrue(limiter.tryAcquire("a"));
    assertEquals(Rate.perSecond(1), limiter.rate());
    assertThrows(IllegalArgumentException.class, () -> KeyedRateLimiter.of(Rate.perSecond(1), 0));
  }
}
