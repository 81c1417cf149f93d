package io.plainweave.loadtests.models;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** Says on stderr how far a run is: a line for each measurement. */
final class Progress {
  private final Plan plan;
  private final PrintWriter err;
  private final long start = System.nanoTime();

  Progress(Plan plan, PrintWriter err) {
    this.plan = plan;
    this.err = err;
  }

  void begin() {
    print("%d models: about %s min", plan.models().size(), minutes(plan.estimate()));
  }

  void add(Model model, Point point) {
    print(
        "%s of about %s  %-26s %,7d  %s",
        minutes(Duration.ofNanos(System.nanoTime() - start)),
        minutes(plan.estimate()),
        model.program(),
        point.connections(),
        figures(point));
  }

  void add(ModelResult result) {
    String outcome = result.missing() != null ? result.missing() : String.valueOf(result.end());
    print(
        "%s of about %s  %-26s %s",
        minutes(Duration.ofNanos(System.nanoTime() - start)),
        minutes(plan.estimate()),
        result.model().program(),
        outcome);
  }

  private static String figures(Point point) {
    if (!point.isMeasured()) {
      return "FAILED: " + point.failure();
    }
    return text(
        "%,9.0f/s  %7.2f µs  p99 %.2f ms  %,.0f MB%s",
        point.rate(),
        point.serverMicros(),
        point.load().p99() / 1e6,
        point.memory() / 1e6,
        point.load().otherCores() > Results.NOISE
            ? text("  (others: %.2f cores)", point.load().otherCores())
            : "");
  }

  static String minutes(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    return text("%d:%02d", seconds / 60, seconds % 60);
  }

  private void print(String format, Object... values) {
    err.println(text(format, values));
    err.flush();
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
