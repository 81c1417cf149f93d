package io.plainweave.loadtests.havoc;

import io.plainweave.loadtests.process.AskedProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What must hold of a server when all clients have gone, whatever was done: no connection and no
 * thread of one is left, descriptors are as before, no buffer is kept, and each connection was
 * opened once and closed once, for one reason.
 */
final class BaseInvariant {
  private static final Duration TO_ANSWER = Duration.ofSeconds(60);

  private static final List<String> NONE =
      List.of(
          "connections",
          "live",
          "outbound",
          "buffers",
          "onHeap",
          "openedTwice",
          "closedTwice",
          "anotherReason",
          "listenerFailed");

  private final AskedProcess server;
  private final Map<String, Long> before;

  private BaseInvariant(AskedProcess server, Map<String, Long> before) {
    this.server = server;
    this.before = before;
  }

  /** Notes how the server is before anything is done to it. */
  static BaseInvariant before(AskedProcess server) throws IOException, InterruptedException {
    return new BaseInvariant(server, counts(server.ask("deep", TO_ANSWER)));
  }

  static Map<String, Long> counts(String line) {
    Map<String, Long> all = new HashMap<>();
    for (String word : line.split(" ")) {
      int equals = word.indexOf('=');
      all.put(word.substring(0, equals), Long.valueOf(word.substring(equals + 1)));
    }
    return all;
  }

  /** Waits until it holds; returns what still does not when that takes too long. */
  List<String> await(Duration patience) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    List<String> wrong = wrong(counts(server.ask("deep", TO_ANSWER)));
    while (!wrong.isEmpty() && System.nanoTime() - deadline < 0) {
      Thread.sleep(200);
      wrong = wrong(counts(server.ask("deep", TO_ANSWER)));
    }
    return wrong;
  }

  private List<String> wrong(Map<String, Long> now) {
    List<String> wrong = new ArrayList<>();
    for (String name : NONE) {
      equal(wrong, name, 0, now.getOrDefault(name, 0L));
    }
    equal(wrong, "descriptors", before.get("descriptors"), now.get("descriptors"));
    equal(wrong, "threads of connections", before.get("threads"), now.get("threads"));
    both(wrong, now, "opened", "closed");
    both(wrong, now, "handshakesBegan", "handshakesEnded");
    both(wrong, now, "sessionsOpened", "sessionsClosed");
    both(wrong, now, "accepted", "ended");
    return wrong;
  }

  private static void both(List<String> wrong, Map<String, Long> now, String begun, String ended) {
    equal(wrong, ended, now.getOrDefault(begun, 0L), now.getOrDefault(ended, 0L));
  }

  private static void equal(List<String> wrong, String name, long expected, long is) {
    if (is != expected) {
      wrong.add("%s: %,d in place of %,d".formatted(name, is, expected));
    }
  }
}
