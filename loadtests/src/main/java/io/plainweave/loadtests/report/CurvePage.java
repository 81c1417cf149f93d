package io.plainweave.loadtests.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The page of a report whose curves are not over time.
 *
 * <p>Like that of a {@link RunReport} it can be read without the script, which draws the plots.
 *
 * @param title what ran
 * @param figures in the order in which they are shown
 * @param notes what has to be known to read the page, a sentence each
 * @param sections in the order in which they are shown
 */
public record CurvePage(
    String title,
    Environment environment,
    List<Figure> figures,
    List<String> notes,
    List<Section> sections) {

  /**
   * Plots that share what they are over, and what is to be read beside them.
   *
   * @param x what the curves are over, in the plural, such as "connections"
   * @param logarithmic whether the axis of that is
   */
  public record Section(
      String title, String x, boolean logarithmic, List<Plot> plots, List<Table> tables) {
    private boolean isEmpty() {
      return plots.isEmpty() && tables.stream().allMatch(it -> it.rows().isEmpty());
    }
  }

  /**
   * Lines that share their axes.
   *
   * @param unit of the values: "B" for bytes, "ms", "/s"; empty for a count
   * @param logarithmic whether the axis of the values is; then all have to be more than 0
   */
  public record Plot(String title, String unit, boolean logarithmic, List<Line> lines) {}

  /**
   * The points of a line.
   *
   * @param color its number among the colors of the page: the same in all plots for one thing
   * @param x ascending
   * @param y as many as there are in {@code x}
   */
  public record Line(String name, int color, List<? extends Number> x, List<? extends Number> y) {}

  /**
   * A table.
   *
   * @param label its heading
   * @param head empty if the columns need no names
   * @param rows a row of two cells is a name and a sentence
   */
  public record Table(String label, List<String> head, List<List<String>> rows) {}

  /** What the page's script draws. */
  private record Data(List<Section> sections) {}

  /** Writes it into a file, which needs nothing beside it. */
  public void write(Path file) throws IOException {
    List<Section> shown = new ArrayList<>(sections);
    shown.removeIf(Section::isEmpty);
    Map<String, String> parts =
        Map.of(
            "title", Html.escape(title),
            "header", new Html().element("h1", title) + PageParts.where(environment),
            "figures", PageParts.figures(figures),
            "notes", PageParts.notes(notes),
            "sections", sections(shown),
            "environment", PageParts.environment(environment));
    Files.writeString(file, PageParts.page(parts, new Data(plotsOf(shown)), "curves.js"));
  }

  /** The tables are in the page itself. */
  private static List<Section> plotsOf(List<Section> sections) {
    return sections.stream()
        .map(it -> new Section(it.title(), it.x(), it.logarithmic(), it.plots(), List.of()))
        .toList();
  }

  private static String sections(List<Section> sections) {
    Html html = new Html();
    for (int i = 0; i < sections.size(); i++) {
      Section section = sections.get(i);
      html.open("section").element("h2", section.title());
      if (!section.plots().isEmpty()) {
        html.element("p class=\"hint\"", "Values are those nearest to the pointer.");
      }
      html.open("div class=\"plots\" id=\"section-" + i + "\"").close("div");
      for (Table table : section.tables()) {
        if (!table.rows().isEmpty()) {
          table(html, table);
        }
      }
      html.close("section");
    }
    return html.toString();
  }

  private static void table(Html html, Table table) {
    if (!table.label().isEmpty()) {
      html.element("h3", table.label());
    }
    boolean hasSentences = table.rows().stream().allMatch(it -> it.size() == 2);
    if (hasSentences) {
      html.open("dl class=\"facts sentences\"");
      for (List<String> row : table.rows()) {
        html.open("div").element("dt", row.getFirst()).element("dd", row.getLast()).close("div");
      }
      html.close("dl");
      return;
    }
    html.openTable(table.label(), table.head());
    for (List<String> row : table.rows()) {
      if (row.size() == 2) {
        html.sentence(row.getFirst(), row.getLast(), table.head().size() - 1);
      } else {
        html.row(row.getFirst(), row.subList(1, row.size()));
      }
    }
    html.closeTable();
  }
}
