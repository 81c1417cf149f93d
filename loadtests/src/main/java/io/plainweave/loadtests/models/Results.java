package io.plainweave.loadtests.models;

import io.plainweave.loadtests.compare.TextTable;
import io.plainweave.loadtests.report.Environment;
import io.plainweave.loadtests.report.Figure;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What a run found. */
record Results(Environment environment, Plan plan, List<ModelResult> models) {
  /** Cores that others keep busy, from which on a figure is said to be rough. */
  static final double NOISE = 0.1;

  /** Whether nothing failed. */
  boolean isFine() {
    return points().allMatch(Point::isMeasured)
        && models.stream()
            .noneMatch(it -> it.missing() != null && it.missing().startsWith("FAILED"));
  }

  private Stream<Point> points() {
    return models.stream().flatMap(it -> Stream.concat(it.points().stream(), it.idle().stream()));
  }

  List<Tables.Table> tables() {
    return Stream.of(
            Tables.connections(models),
            Tables.idle(models),
            Tables.calls(models),
            Tables.ends(models))
        .filter(it -> !it.rows().isEmpty())
        .toList();
  }

  /** What has to be known to read the tables, a sentence each. */
  List<String> notes() {
    List<String> notes = new ArrayList<>();
    notes.add(
        text(
            "%s s each after a warm-up; %s.",
            Double.toString(plan.seconds()),
            plan.pinned() ? "server on core 0, clients on core 1" : "nothing pinned to a core"));
    if (plan.models().contains(Model.SELECT_LOOP)) {
      notes.add(
          "SelectLoop is poll(2), which Java has in place of select(2): FD_SETSIZE, 1,024"
              + " descriptors, is no limit of it; the kernel looks at every descriptor all the same.");
    }
    if (models.stream().anyMatch(it -> it.calls() != null && it.calls().failure() != null)) {
      notes.add("System calls that are not there could not be counted by strace.");
    }
    long noisy = points().filter(it -> it.isMeasured() && it.load().otherCores() > NOISE).count();
    if (noisy > 0) {
      notes.add(
          text(
              "In %d of %d measurements other processes kept over %.1f of a core busy: rough.",
              noisy, points().filter(Point::isMeasured).count(), NOISE));
    }
    return notes;
  }

  /** What the textbooks claim, in numbers. */
  List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    for (ModelResult result : models) {
      List<Point> idle = result.idle().stream().filter(Point::isMeasured).toList();
      boolean isLoop = result.model() == Model.SELECT_LOOP || result.model() == Model.EPOLL_LOOP;
      if (isLoop && idle.size() > 1) {
        int first = idle.getFirst().connections();
        double ratio = idle.getLast().serverMicros() / idle.getFirst().serverMicros();
        figures.add(
            new Figure(
                text("%s, %,d idle", result.model().program(), idle.getLast().connections()),
                ratio,
                "",
                text("%.1f × the processor time of a message ", ratio)
                    + (first == 0 ? "without them" : text("beside %,d", first))));
      }
    }
    for (ModelResult result : models) {
      List<Point> points = result.points().stream().filter(Point::isMeasured).toList();
      if (result.model().workers() == 0 && !points.isEmpty()) {
        Point last = points.getLast();
        double bytes = last.memoryPerConnection();
        figures.add(
            new Figure(
                result.model().program(),
                bytes,
                "B",
                (bytes < 1e6 ? text("%,.1f kB", bytes / 1e3) : text("%,.1f MB", bytes / 1e6))
                    + text(" a connection, %,d open", last.answered())));
      }
    }
    return figures;
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  void print(PrintWriter out) {
    for (Tables.Table table : tables()) {
      out.println(table.title());
      TextTable text = new TextTable();
      if (table.head().stream().anyMatch(it -> !it.isEmpty())) {
        text.add(table.head());
      }
      table.rows().forEach(text::add);
      out.println(text);
    }
    notes().forEach(out::println);
    out.println(environment.machine() + ", " + environment.kernel() + ", " + environment.jdk());
    out.flush();
  }
}
