package io.plainweave.loadtests.models;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The tables of a run: cells as text, for the terminal and the page alike. */
final class Tables {
  /**
   * A table.
   *
   * @param rows the cells below the head; two cells are a name and a sentence
   */
  record Table(String title, List<String> head, List<List<String>> rows) {}

  private static final List<String> CONNECTIONS_HEAD =
      List.of(
          "",
          "connections",
          "served",
          "rate/s",
          "p50 ms",
          "p99 ms",
          "server µs",
          "MB",
          "KB a conn.",
          "processes",
          "threads",
          "switches");
  private static final List<String> IDLE_HEAD =
      List.of("", "idle", "rate/s", "p50 ms", "p99 ms", "server µs", "MB", "threads", "switches");

  private Tables() {}

  static Table connections(List<ModelResult> results) {
    List<List<String>> rows = new ArrayList<>();
    for (ModelResult result : results) {
      String name = result.model().program();
      if (result.missing() != null) {
        rows.add(List.of(name, result.missing()));
      } else {
        rows.add(
            List.of(
                name,
                "0",
                "",
                "",
                "",
                "",
                "",
                text("%,.0f", result.memory() / 1e6),
                "",
                "",
                "",
                ""));
        name = "";
      }
      for (Point point : result.points()) {
        rows.add(connections(name, point, result.model().workers() > 0));
      }
    }
    return new Table(
        "Busy connections, a message of 64 bytes in flight on each", CONNECTIONS_HEAD, rows);
  }

  private static List<String> connections(String name, Point point, boolean hasWorkers) {
    if (!point.isMeasured()) {
      return List.of(name, text("%,d: FAILED: %s", point.connections(), point.failure()));
    }
    return List.of(
        name,
        text("%,d", point.connections()),
        text("%,d", point.answered()),
        text("%,.0f", point.rate()),
        millis(point.load().p50()),
        millis(point.load().p99()),
        text("%.2f", point.serverMicros()),
        text("%,.0f", point.memory() / 1e6),
        hasWorkers || !point.hasGrown() ? "" : text("%,.1f", point.memoryPerConnection() / 1e3),
        text("%,d", point.processes()),
        text("%,d", point.threads()),
        text("%.3f", point.switches()));
  }

  static Table idle(List<ModelResult> results) {
    List<List<String>> rows = new ArrayList<>();
    for (ModelResult result : results) {
      String name = result.model().program();
      for (Point point : result.idle()) {
        rows.add(idle(name, point));
        name = "";
      }
    }
    return new Table(Plan.BUSY + " busy connections beside idle ones", IDLE_HEAD, rows);
  }

  private static List<String> idle(String name, Point point) {
    if (!point.isMeasured()) {
      return List.of(name, text("%,d: FAILED: %s", point.connections(), point.failure()));
    }
    return List.of(
        name,
        text("%,d", point.connections()),
        text("%,.0f", point.rate()),
        millis(point.load().p50()),
        millis(point.load().p99()),
        text("%.2f", point.serverMicros()),
        text("%,.0f", point.memory() / 1e6),
        text("%,d", point.threads()),
        text("%.3f", point.switches()));
  }

  static Table calls(List<ModelResult> results) {
    List<SystemCalls> counted =
        results.stream().map(ModelResult::calls).filter(Objects::nonNull).toList();
    // Those that one model makes often, each in a column, from the frequent to the rare.
    Map<String, Double> sums = new LinkedHashMap<>();
    counted.forEach(
        it -> it.byName().forEach((name, calls) -> sums.merge(name, calls, Double::sum)));
    List<String> names =
        sums.entrySet().stream()
            .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
            .map(Map.Entry::getKey)
            .toList();
    List<String> head = new ArrayList<>(List.of("", "connections", "all"));
    head.addAll(names);
    List<List<String>> rows = new ArrayList<>();
    for (ModelResult result : results) {
      if (result.calls() != null) {
        rows.add(calls(result.model().program(), result.calls(), names));
      }
    }
    return new Table("System calls of the server for a message", head, rows);
  }

  private static List<String> calls(String name, SystemCalls calls, List<String> names) {
    if (calls.perMessage() == null) {
      return List.of(name, "- " + calls.failure());
    }
    List<String> row = new ArrayList<>();
    row.add(name);
    row.add(text("%,d", calls.connections()));
    row.add(text("%.2f", calls.perMessage()));
    for (String it : names) {
      Double own = calls.byName().get(it);
      row.add(own == null ? "" : text("%.2f", own));
    }
    return row;
  }

  static Table ends(List<ModelResult> results) {
    List<List<String>> rows =
        results.stream()
            .filter(it -> it.end() != null)
            .map(it -> List.of(it.model().program(), it.end().toString()))
            .toList();
    return new Table("Where each ends", List.of("", ""), rows);
  }

  private static String millis(long nanos) {
    return text("%.2f", nanos / 1e6);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
