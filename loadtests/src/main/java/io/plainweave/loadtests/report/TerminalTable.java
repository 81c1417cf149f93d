package io.plainweave.loadtests.report;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.Stream;

/** Prints a report as rows of a name and a text. */
final class TerminalTable {
  private static final int LEAST_WIDTH = 16;

  private final PrintWriter out;
  private int width = LEAST_WIDTH; // of the names' column

  TerminalTable(PrintWriter out) {
    this.out = out;
  }

  void print(RunReport report) {
    width =
        Stream.concat(
                report.figures().stream().map(Figure::name),
                report.latencies().stream().map(it -> "  " + it.name()))
            .mapToInt(it -> it.length() + 2)
            .reduce(LEAST_WIDTH, Math::max);
    report.figures().forEach(it -> row(it.name(), it.text()));
    latencies(report);
    if (!report.expectations().isEmpty()) {
      out.println("expected");
      report.expectations().forEach(this::expectation);
    }
    report.notes().forEach(out::println);
    out.flush();
  }

  private void latencies(RunReport report) {
    if (report.latencies().isEmpty()) {
      return;
    }
    StringBuilder head = new StringBuilder();
    for (double percentile : Latencies.PERCENTILES) {
      head.append(String.format(Locale.ROOT, "%11s", Latencies.label(percentile)));
    }
    row("message latency", head.toString());
    for (Latencies latencies : report.latencies()) {
      StringBuilder text = new StringBuilder();
      for (double percentile : Latencies.PERCENTILES) {
        text.append(String.format(Locale.ROOT, "%8.2f ms", latencies.millis(percentile)));
      }
      row("  " + latencies.name(), text.toString());
    }
  }

  private void expectation(Expectation it) {
    String seen = it.seen().isEmpty() ? "" : ": " + it.seen();
    out.println("  " + (it.held() ? "held    " : "FAILED  ") + it.text() + seen);
  }

  private void row(String name, String text) {
    out.println(name + " ".repeat(width - name.length()) + text);
  }
}
