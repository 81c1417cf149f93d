package io.plainweave.fuzz.command;

import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;

/** What has come of each target, as a table, and behind it what was found. */
final class Summary {
  private static final String ROW = "%-22s %12s %10s %8s %9s %7s  %s%n";

  private final StringBuilder table = new StringBuilder();
  private final StringBuilder findings = new StringBuilder();

  Summary(Duration time) {
    table.append(
        "proofs/run fuzz --for %ds, on %s, JDK %s, %d processors%n%n"
            .formatted(
                time.toSeconds(),
                LocalDate.now(ZoneOffset.UTC),
                Runtime.version(),
                Runtime.getRuntime().availableProcessors()));
    table.append(head());
  }

  String head() {
    return ROW.formatted("target", "inputs", "a second", "edges", "features", "corpus", "found");
  }

  /** Adds a target; returns its row. */
  String add(String name, Run run) {
    String row =
        String.format(
            Locale.ROOT,
            ROW,
            name,
            "%,d".formatted(run.runs()),
            "%,d".formatted(run.perSecond()),
            run.coverage(),
            run.features(),
            run.inputs(),
            !run.hasFound() ? "nothing" : run.finding().isEmpty() ? "exit " + run.exitCode() : "!");
    table.append(row);
    if (run.hasFound()) {
      findings.append("\n%s: %s\n".formatted(name, run.finding()));
      run.rest().forEach(line -> findings.append("    ").append(line).append('\n'));
    }
    return row;
  }

  String text() {
    return table + findings.toString();
  }
}
