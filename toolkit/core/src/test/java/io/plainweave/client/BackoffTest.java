package io.plainweave.client;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The pauses between attempts")
@Timeout(10)
class BackoffTest {
  private static final long DAY = TimeUnit.DAYS.toNanos(1);

  @Test
  void areSpreadBelowALimitThatDoublesUntilItIsTheLongest() {
    var random = new Random(2015);
    long[] limits = {100, 200, 400, 800, 1_000, 1_000};
    long[] longest = new long[limits.length];
    long[] shortest = limits.clone();
    for (int i = 0; i < 1_000; i++) {
      var backoff = new Backoff(100, 1_000, random);
      for (int k = 0; k < limits.length; k++) {
        long pause = backoff.next();
        longest[k] = Math.max(longest[k], pause);
        shortest[k] = Math.min(shortest[k], pause);
      }
    }
    for (int k = 0; k < limits.length; k++) {
      assertTrue(longest[k] <= limits[k] && longest[k] > limits[k] * 9 / 10, "longest of " + k);
      assertTrue(shortest[k] >= 0 && shortest[k] < limits[k] / 10, "shortest of " + k);
    }
  }

  @Test
  void endWithAnInterrupt() {
    var backoff = new Backoff(DAY, DAY, new Random(1));
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> backoff.pause(Long.MAX_VALUE));
  }

  @Test
  void areNoLongerThanTheTimeThatIsLeft() throws Exception {
    var backoff = new Backoff(DAY, DAY, new Random(1));
    backoff.pause(1);
  }
}
