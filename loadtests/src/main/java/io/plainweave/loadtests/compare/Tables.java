package io.plainweave.loadtests.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The tables of a comparison: cells as text, for the terminal and the page alike. */
final class Tables {
  /**
   * The table of one work.
   *
   * @param rows the cells below the head; two cells are a name and what went wrong
   */
  record Table(Work work, List<String> head, List<List<String>> rows) {}

  private static final List<String> LOAD_HEAD =
      List.of(
          "",
          "rate/s",
          "ratio",
          "min..max",
          "server µs",
          "ratio",
          "min..max",
          "p50 ms",
          "p99",
          "ratio",
          "p99.9",
          "max",
          "server %",
          "client %",
          "client µs",
          "limit");

  private static final List<String> IDLE_HEAD = List.of("", "heap B", "ratio", "RSS B", "ratio");

  private Tables() {}

  static Table of(Work work, List<Row> rows, String base) {
    Row baseRow =
        rows.stream()
            .filter(it -> it.server().equals(base) && it.rounds() > 0)
            .findFirst()
            .orElse(null);
    boolean idle = work.kind() == Work.Kind.IDLE;
    List<List<String>> cells = new ArrayList<>();
    for (Row row : rows) {
      if (row.rounds() > 0) {
        cells.add(idle ? idle(row, baseRow) : load(row, baseRow));
      }
      if (row.failure() != null) {
        cells.add(List.of(row.server(), "FAILED: " + row.failure()));
      }
    }
    return new Table(work, idle ? IDLE_HEAD : LOAD_HEAD, cells);
  }

  private static List<String> load(Row row, Row base) {
    return List.of(
        row.server(),
        text("%,.0f", row.rate().median()),
        ratio(row.rate(), base == null ? null : base.rate()),
        text("%s..%s", rate(row.rate().min()), rate(row.rate().max())),
        text("%.2f", row.serverMicros().median()),
        ratio(row.serverMicros(), base == null ? null : base.serverMicros()),
        text("%.2f..%.2f", row.serverMicros().min(), row.serverMicros().max()),
        text("%.2f", row.p50().median()),
        text("%.2f", row.p99().median()),
        ratio(row.p99(), base == null ? null : base.p99()),
        text("%.2f", row.p999().median()),
        text("%.1f", row.max().median()),
        text("%.0f", 100 * row.serverBusy().median()),
        text("%.0f", 100 * row.clientBusy().median()),
        text("%.2f", row.clientMicros().median()),
        row.limit());
  }

  private static List<String> idle(Row row, Row base) {
    return List.of(
        row.server(),
        row.heap() == null ? "-" : text("%,.0f", row.heap().median()),
        ratio(row.heap(), base == null ? null : base.heap()),
        text("%,.0f", row.resident().median()),
        ratio(row.resident(), base == null ? null : base.resident()));
  }

  private static String rate(double rate) {
    return rate >= 10_000 ? text("%.0fk", rate / 1e3) : text("%.0f", rate);
  }

  private static String ratio(Spread own, Spread base) {
    return own == null || base == null || base.median() == 0
        ? "-"
        : text("%.2f", own.median() / base.median());
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
