package io.plainweave.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A burst")
@Timeout(30)
class BurstTest {
  private final List<String> told = new ArrayList<>();
  private long now = Long.MAX_VALUE;

  private final Burst<String> burst =
      new Burst<>((latest, count) -> told.add(latest + " " + count), () -> now);

  @Test
  void isToldAtOnceAndThenEveryTenSeconds() {
    burst.add("a");
    burst.add("b");
    burst.add("c");
    burst.check();
    assertEquals(List.of("a 1"), told);
    now += TimeUnit.SECONDS.toNanos(10);
    burst.add("d");
    assertEquals(List.of("a 1", "d 3"), told);
  }

  @Test
  void isToldToItsEndThoughNothingMoreComes() {
    burst.add("a");
    burst.add("b");
    now += TimeUnit.SECONDS.toNanos(10);
    burst.check();
    burst.check();
    assertEquals(List.of("a 1", "b 1"), told);
    burst.add("c");
    burst.close();
    burst.close();
    assertEquals(List.of("a 1", "b 1", "c 1"), told);
  }

  @Test
  void holdsNobodyUpWhileItIsTold() throws Exception {
    var other = new CompletableFuture<Void>();
    var burst = new Burst<String>((_, _) -> other.join(), () -> now);
    Thread tells = Thread.ofVirtual().start(() -> burst.add("a"));
    try {
      await().until(() -> tells.getState() == Thread.State.WAITING);
      Thread checks = Thread.ofPlatform().start(burst::check);
      assertTrue(checks.join(Duration.ofSeconds(10)));
    } finally {
      other.complete(null);
      tells.join();
    }
  }
}
