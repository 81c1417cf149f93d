package io.plainweave.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * What must hold when a fault is over: a fresh client is served; descriptors, threads, permits and
 * registry are as before; no processor is kept busy; each connection that was opened was closed
 * once, for the right reason.
 */
final class Invariant {
  private static final Duration TO_RECOVER = Duration.ofSeconds(20);

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
    server.serveAFreshClient();
    await().until(() -> server.count("connections") == 0 && server.count("threads") == 0);
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
    server.serveAFreshClient();
    await()
        .atMost(TO_RECOVER)
        .untilAsserted(() -> {
          Map<String, Long> now = server.counts();
          assertReasons(reasons, now);
          for (String level : new String[] {"connections", "registered", "threads", "state"}) {
            assertEquals(before.get(level), now.get(level), level);
          }
          assertEquals(now.get("opened"), now.get("closed"), "one end for each beginning");
          assertEquals(descriptors, server.descriptors(), "descriptors");
        });
  }

  private void assertReasons(Map<String, Long> reasons, Map<String, Long> now) {
    Map<String, Long> since = new TreeMap<>();
    now.forEach((name, count) -> {
      if (name.startsWith("reason.")) {
        since.put(name.substring("reason.".length()), count - before.getOrDefault(name, 0L));
      }
    });
    since.values().removeIf(count -> count == 0);
    Map<String, Long> expected = new TreeMap<>(reasons);
    expected.merge("Finished", 1L, Long::sum); // the fresh client
    assertEquals(expected, since);
  }

  /** Finds half a second with less than a twentieth on a processor: who spins never has one. */
  void noProcessorIsKeptBusy() {
    var last = new Duration[] {server.processorTime()};
    await("a processor is kept busy")
        .atMost(Duration.ofSeconds(20))
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
