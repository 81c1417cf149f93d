package io.plainweave.loadtests.models;

import io.plainweave.loadtests.report.CurvePage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** The page of a run: the curves of all models, each in a color of its own, and the tables. */
final class Page {
  private Page() {}

  static void write(Path file, Results results) throws IOException {
    List<CurvePage.Section> sections =
        List.of(
            new CurvePage.Section(
                "Over the number of connections",
                "connections",
                true,
                connections(results.models()),
                List.of(table(Tables.connections(results.models())))),
            new CurvePage.Section(
                "Beside idle connections",
                "idle connections",
                false,
                idle(results.models()),
                List.of(table(Tables.idle(results.models())))),
            new CurvePage.Section(
                "System calls",
                "",
                false,
                List.of(),
                List.of(table(Tables.calls(results.models())))),
            new CurvePage.Section(
                "Where each ends",
                "",
                false,
                List.of(),
                List.of(table(Tables.ends(results.models())))));
    new CurvePage(Models.NAME, results.environment(), results.figures(), results.notes(), sections)
        .write(file);
  }

  private static List<CurvePage.Plot> connections(List<ModelResult> results) {
    Function<ModelResult, List<Point>> points = ModelResult::points;
    return List.of(
        plot("Messages a second", "/s", true, results, points, Point::rate),
        plot("Latency, 99 %", "ms", true, results, points, Page::p99),
        plot("Processor time of the server, a message", "µs", true, results, points, Page::micros),
        plot("Memory", "B", true, results, points, it -> (double) it.memory()),
        plot("Threads", "", true, results, points, it -> (double) it.threads()),
        plot("Processes", "", true, results, points, it -> (double) it.processes()),
        plot("Context switches, a message", "", true, results, points, Point::switches));
  }

  private static List<CurvePage.Plot> idle(List<ModelResult> results) {
    Function<ModelResult, List<Point>> points = ModelResult::idle;
    return List.of(
        plot("Processor time of the server, a message", "µs", false, results, points, Page::micros),
        plot("Messages a second", "/s", false, results, points, Point::rate),
        plot("Latency, 99 %", "ms", false, results, points, Page::p99));
  }

  private static CurvePage.Plot plot(
      String title,
      String unit,
      boolean logarithmic,
      List<ModelResult> results,
      Function<ModelResult, List<Point>> points,
      Function<Point, Double> figure) {
    List<CurvePage.Line> lines =
        results.stream()
            .map(it -> line(it.model(), points.apply(it), figure, logarithmic))
            .filter(it -> !it.x().isEmpty())
            .toList();
    return new CurvePage.Plot(title, unit, logarithmic, lines);
  }

  private static CurvePage.Line line(
      Model model, List<Point> points, Function<Point, Double> figure, boolean logarithmic) {
    // A logarithmic axis has no 0.
    List<Point> known =
        points.stream()
            .filter(Point::isMeasured)
            .filter(it -> figure.apply(it) != null && (!logarithmic || figure.apply(it) > 0))
            .toList();
    return new CurvePage.Line(
        model.program(),
        model.ordinal(),
        known.stream().map(Point::connections).toList(),
        known.stream().map(figure).filter(Objects::nonNull).toList());
  }

  private static Double p99(Point point) {
    return point.load().p99() / 1e6;
  }

  private static Double micros(Point point) {
    return point.serverMicros();
  }

  private static CurvePage.Table table(Tables.Table table) {
    return new CurvePage.Table(table.title(), table.head(), table.rows());
  }
}
