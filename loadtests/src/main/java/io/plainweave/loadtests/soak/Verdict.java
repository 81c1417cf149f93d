package io.plainweave.loadtests.soak;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What the samples of a run say. */
final class Verdict {
  private final List<Sample> samples;
  private final Visitors visitors;
  private final String drained;

  /** By connection. */
  private final Map<Quantity, Slope> slopes = new EnumMap<>(Quantity.class);

  private final List<String> failed = new ArrayList<>();

  /**
   * Judges a run.
   *
   * @param drained what the server has said of its drain
   */
  Verdict(List<Sample> samples, Visitors visitors, String drained) {
    this.samples = samples;
    this.visitors = visitors;
    this.drained = drained;
    double[] connections = samples.stream().mapToDouble(Sample::connections).toArray();
    for (Quantity quantity : Quantity.values()) {
      double[] amounts = samples.stream().mapToDouble(it -> it.amount(quantity)).toArray();
      Slope slope = Slope.through(connections, amounts);
      slopes.put(quantity, slope);
      if (isLeak(quantity, slope)) {
        failed.add(quantity.text + " leaks");
      }
    }
    exactly("opened", visitors.made());
    exactly("closed", visitors.made());
    exactly("accepted", visitors.made());
    exactly("ended", visitors.made());
    exactly("outbound", 0);
    exactly("buffers", 0);
    if (!drained.equals("finished=0 forced=0 survivors=0")) {
      failed.add("the drain: " + drained);
    }
  }

  private void exactly(String name, long expected) {
    long counted = samples.getLast().count(name);
    if (counted != expected) {
      failed.add("%s is %,d, not %,d".formatted(name, counted, expected));
    }
  }

  private double fitted() {
    return samples.getLast().connections() - (double) samples.getFirst().connections();
  }

  private boolean isLeak(Quantity quantity, Slope slope) {
    return slope.low() > 0 && slope.perStep() * fitted() > quantity.tolerated(fitted());
  }

  boolean isFine() {
    return failed.isEmpty();
  }

  /**
   * Says it.
   *
   * @param wanted how many connections there should have been, if there was time
   */
  void tell(PrintWriter out, long wanted, Duration time) {
    out.printf(
        "%,d connections%s in %,d s, %,.0f a second; the first %,d were a warm-up, then %d"
            + " samples.%n%n",
        visitors.made(),
        visitors.made() < wanted ? " (of %,d, when the time was over)".formatted(wanted) : "",
        time.toSeconds(),
        visitors.made() / (time.toMillis() / 1e3),
        samples.getFirst().connections(),
        samples.size());
    for (Visit visit : Visit.values()) {
      out.printf("  %-16s %,12d%n", visit, visitors.made(visit));
    }
    out.printf(
        "%n%-16s %14s %14s %14s   %-36s %-14s%n",
        "",
        "at first",
        "at last",
        "a million",
        "95 % interval of the slope a million",
        "none up to");
    for (Quantity quantity : Quantity.values()) {
      Slope slope = slopes.get(quantity);
      out.printf(
          "%-16s %14s %14s %14s   %16s to %16s %14s  %s%n",
          quantity.text,
          quantity.shown(samples.getFirst().amount(quantity)),
          quantity.shown(samples.getLast().amount(quantity)),
          quantity.shown(slope.perStep() * 1e6),
          quantity.shown(slope.low() * 1e6),
          quantity.shown(slope.high() * 1e6),
          quantity.shown(quantity.tolerated(fitted()) / fitted() * 1e6),
          what(quantity, slope));
    }
    out.println();
    if (isFine()) {
      out.println("held: nothing leaks, each connection was served, opened once and closed once");
    }
    failed.forEach(line -> out.println("failed: " + line));
  }

  private String what(Quantity quantity, Slope slope) {
    if (isLeak(quantity, slope)) {
      return "LEAKS";
    }
    if (slope.mayBeZero()) {
      return "0 is in the interval";
    }
    return slope.low() > 0 ? "less than counts" : "falls";
  }

  /** The samples, as a table for other programs. */
  static List<String> table(List<Sample> samples) {
    List<String> lines = new ArrayList<>();
    var head = new StringBuilder("connections");
    for (Quantity quantity : Quantity.values()) {
      head.append(',').append(quantity.key());
    }
    lines.add(head.toString());
    for (Sample sample : samples) {
      var line = new StringBuilder(Long.toString(sample.connections()));
      for (Quantity quantity : Quantity.values()) {
        line.append(',').append((long) sample.amount(quantity));
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
