package io.plainweave.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What must hold when a fault is over: a fresh client is served within a second; descriptors,
 * threads, permits and registry are as before; no processor is kept busy; each connection that was
 * opened was closed once, for the right reason.
 */
final class Invariant {
  /** The machine may be busy with other things for a moment. */
  private static final int ATTEMPTS = 5;

  private static final Duration TO_RECOVER = Duration.ofSeconds(10);

  private final FaultServer server;
  private final Map<String, Long> before;
  private final int descriptors;

  private Invariant(FaultServer server, Map<String, Long> before, int descriptors) {
    this.server = server;
    this.before = before;
    this.descriptors = descriptors;
  }

  /** Notes how the server is without the fault, when it has served somebody once. */
  static Invariant before(FaultServer server) throws IOException, InterruptedException {
    serveAFreshClient(server);
    await().until(() -> server.count("connections") == 0);
    return new Invariant(server, server.counts(), server.descriptors());
  }

  /** Checks it for connections that have all ended for one reason. */
  void holdsAfter(String reason, long count) throws IOException, InterruptedException {
    holdsAfter(Map.of(reason, count));
  }

  /**
   * Checks it.
   *
   * @param reasons why the connections since then have ended: a close reason's name, or a time
   *     limit's
   */
  void holdsAfter(Map<String, Long> reasons) throws IOException, InterruptedException {
    hasRecovered(reasons);
    noProcessorIsKeptBusy();
  }

  /** Checks all but the processor, where the means of the fault is what keeps it busy. */
  void hasRecovered(Map<String, Long> reasons) throws IOException, InterruptedException {
    int attempts = serveAFreshClient(server);
    await()
        .atMost(TO_RECOVER)
        .untilAsserted(() -> {
          Map<String, Long> now = server.counts();
          assertReasons(reasons, now, attempts);
          for (String level : new String[] {"connections", "registered", "threads", "state"}) {
            assertEquals(before.get(level), now.get(level), level);
          }
          assertEquals(now.get("opened"), now.get("closed"), "one end for each beginning");
          assertEquals(descriptors, server.descriptors(), "descriptors");
        });
  }

  /** The fresh client comes on top; where it was impatient, so do its attempts before. */
  private void assertReasons(Map<String, Long> reasons, Map<String, Long> now, int attempts) {
    Map<String, Long> since = new TreeMap<>();
    now.forEach((name, count) -> {
      if (name.startsWith("reason.")) {
        since.put(name.substring("reason.".length()), count - before.getOrDefault(name, 0L));
      }
    });
    Map<String, Long> surplus = new TreeMap<>(since);
    reasons.forEach((name, count) -> surplus.merge(name, -count, Long::sum));
    surplus.values().removeIf(count -> count == 0);
    assertTrue(Set.of("Finished", "PeerReset").containsAll(surplus.keySet()), since::toString);
    assertTrue(surplus.getOrDefault("Finished", 0L) >= 1, since::toString);
    assertTrue(surplus.getOrDefault("PeerReset", 0L) >= 0, since::toString);
    assertEquals(
        attempts,
        surplus.values().stream().mapToLong(Long::longValue).sum(),
        () -> since.toString());
  }

  /** Returns how many attempts it took. */
  private static int serveAFreshClient(FaultServer server) throws InterruptedException {
    IOException failure = null;
    for (int i = 1; i <= ATTEMPTS; i++) {
      try {
        server.serveAFreshClient();
        return i;
      } catch (IOException e) {
        failure = e;
      }
    }
    throw new AssertionError("a fresh client was not served within a second", failure);
  }

  /** Finds half a second with less than a twentieth on a processor: who spins never has one. */
  void noProcessorIsKeptBusy() {
    var last = new Duration[] {server.processorTime()};
    await("a processor is kept busy")
        .atMost(Duration.ofSeconds(8))
        .pollDelay(Duration.ofMillis(500))
        .pollInterval(Duration.ofMillis(500))
        .until(() -> {
          Duration now = server.processorTime();
          Duration used = now.minus(last[0]);
          last[0] = now;
          return used.toMillis() <= 25;
        });
  }
}
