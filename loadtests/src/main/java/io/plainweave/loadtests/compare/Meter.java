package io.plainweave.loadtests.compare;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** Tells on stderr how far a comparison is: a line for each measurement. */
final class Meter {
  private final Plan plan;
  private final PrintWriter err;
  private final long start = System.nanoTime();
  private int done; // confined to the thread that leads the run

  Meter(Plan plan, PrintWriter err) {
    this.plan = plan;
    this.err = err;
  }

  void begin() {
    print(
        "%d servers, %d works, %d rounds of %s s: about %s min",
        plan.servers().size(),
        plan.works().size(),
        plan.rounds(),
        Double.toString(plan.seconds()),
        Compare.minutes(plan.estimate()));
  }

  void add(Sample sample) {
    done++;
    Duration left = plan.estimate().minusNanos(System.nanoTime() - start);
    print(
        "%s left  round %d  %-14s %-20s %s",
        Compare.minutes(left), sample.round(), sample.work(), sample.server(), figures(sample));
  }

  private static String figures(Sample sample) {
    if (sample.failure() != null) {
      return "FAILED: " + sample.failure();
    }
    if (sample.load() == null) {
      String heap = sample.heap() == null ? "" : text("%,d B live, ", sample.heap());
      return heap + text("%,d B resident", sample.resident());
    }
    return text(
        "%,9.0f/s  %7.2f µs  p99 %.2f ms%s",
        sample.rate(),
        sample.serverMicros(),
        sample.load().p99() / 1e6,
        sample.load().otherCores() > Results.NOISE
            ? text("  (others: %.2f cores)", sample.load().otherCores())
            : "");
  }

  private void print(String format, Object... values) {
    err.println(text(format, values));
    err.flush();
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
