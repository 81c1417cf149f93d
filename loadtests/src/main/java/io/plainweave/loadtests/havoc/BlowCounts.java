package io.plainweave.loadtests.havoc;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** How many of each blow were dealt, what came of them, and the log of what was done to whom. */
final class BlowCounts implements AutoCloseable {
  private final long begin = System.nanoTime();
  private final PrintWriter log;

  /** By blow, then by what came of it; guarded by itself. */
  private final Map<Blow, Map<String, Integer>> outcomes = new TreeMap<>();

  /** Guarded by the outcomes. */
  private final Map<Blow, Integer> dealt = new TreeMap<>();

  BlowCounts(Path log) throws IOException {
    this.log = new PrintWriter(Files.newBufferedWriter(log), true);
  }

  /** Notes a blow before it is dealt. */
  void deals(Blow blow, String toWhom) {
    synchronized (outcomes) {
      dealt.merge(blow, 1, Integer::sum);
    }
    note(blow + " " + toWhom);
  }

  /** Notes what came of one. */
  void came(Blow blow, String of) {
    synchronized (outcomes) {
      outcomes.computeIfAbsent(blow, _ -> new TreeMap<>()).merge(of, 1, Integer::sum);
    }
  }

  /** Writes a line of the log. */
  void note(String line) {
    log.printf("%10.3f %s%n", (System.nanoTime() - begin) / 1e9, line);
  }

  int dealt(Blow blow) {
    synchronized (outcomes) {
      return dealt.getOrDefault(blow, 0);
    }
  }

  /** What came of a blow, as a sentence. */
  String outcome(Blow blow) {
    synchronized (outcomes) {
      return String.join(
          ", ",
          outcomes.getOrDefault(blow, Map.of()).entrySet().stream()
              .map(one -> "%,d %s".formatted(one.getValue(), one.getKey()))
              .toList());
    }
  }

  @Override
  public void close() {
    log.close();
  }
}
