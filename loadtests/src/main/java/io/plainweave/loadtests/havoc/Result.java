package io.plainweave.loadtests.havoc;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What came out of all rounds. */
final class Result {
  private static final String REASON = "reason.";

  private final BlowCounts counts;
  private final Map<Blow, String> missing;
  private final long seed;
  private final List<String> rounds = new ArrayList<>();
  private final List<String> wrong = new ArrayList<>();
  private final Map<Work, Long> whole = new EnumMap<>(Work.class);
  private final Map<String, Long> told = new TreeMap<>();
  private long touched;
  private long inWindows;

  Result(BlowCounts counts, Map<Blow, String> missing, long seed) {
    this.counts = counts;
    this.missing = missing;
    this.seed = seed;
  }

  void add(Round.Plan plan, Round round) {
    Customers customers = round.customers();
    long ofRound = 0;
    for (Work work : Work.values()) {
      whole.merge(work, customers.whole(work), Long::sum);
      ofRound += customers.whole(work);
    }
    touched += customers.touched();
    inWindows += customers.brokenInWindows();
    round.told().forEach((name, count) -> told.merge(name, count, Long::sum));
    round.wrong().forEach(what -> wrong.add("round " + plan.number() + ": " + what));
    rounds.add(
        "round %d, %s: %,d conversations whole, %,d aimed at, %,d connections closed; %s"
            .formatted(
                plan.number(),
                plan.kind(),
                ofRound,
                customers.touched(),
                round.told().getOrDefault("closed", 0L),
                round.wrong().isEmpty() ? "held" : "FAILED"));
  }

  String lastRound() {
    return rounds.getLast();
  }

  boolean isFine() {
    return wrong.isEmpty();
  }

  void tell(PrintWriter out) {
    out.printf("seed %d%n%n", seed);
    rounds.forEach(out::println);
    out.printf("%n%-18s %7s  %s%n", "blow", "dealt", "what came of it");
    for (Blow blow : Blow.values()) {
      if (missing.containsKey(blow)) {
        out.printf("%-18s %7s  %s%n", blow, "-", "left out: " + missing.get(blow));
      } else {
        out.printf("%-18s %,7d  %s%n", blow, counts.dealt(blow), counts.outcome(blow));
      }
    }
    out.printf("%ngood clients whom nobody aimed at, with exactly their bytes%n");
    whole.forEach((work, count) -> out.printf("  %-14s %,9d%n", work, count));
    out.printf(
        "aimed at: %,d; broken by a blow that is aimed at nobody and may break them: %,d%n",
        touched, inWindows);
    out.printf("%nwhy connections have ended, as the servers tell it%n");
    told.forEach((name, count) -> {
      if (name.startsWith(REASON)) {
        out.printf("  %-24s %,9d%n", name.substring(REASON.length()), count);
      }
    });
    out.printf(
        "opened %,d, closed %,d, twice %,d; handshakes %,d, UDP sessions %,d, accepts that failed"
            + " %,d%n%n",
        count("opened"),
        count("closed"),
        count("closedTwice") + count("openedTwice"),
        count("handshakesEnded"),
        count("sessionsClosed"),
        count("acceptFailed"));
    if (isFine()) {
      out.println(
          "held: all connections, threads, descriptors, buffers and permits were given back, each"
              + " connection ended");
      out.println("once for one reason, nobody got a wrong byte, and each server drained in time");
    }
    wrong.forEach(what -> out.println("failed: " + what));
    out.printf("%nthe blows%n");
    for (Blow blow : Blow.values()) {
      out.printf("  %-18s %s%n", blow, blow.text);
    }
  }

  private long count(String name) {
    return told.getOrDefault(name, 0L);
  }
}
