package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.report.Environment;
import io.plainweave.loadtests.report.Html;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The page of a comparison: one HTML file that needs no network. */
final class Page {
  /** The column that a bar is drawn for, and its unit. */
  private record Bar(int column, String title) {}

  private static final List<Bar> LOAD_BARS =
      List.of(new Bar(1, "messages a second"), new Bar(4, "server µs a message"));
  private static final List<Bar> IDLE_BARS =
      List.of(new Bar(1, "live heap, bytes a connection"), new Bar(3, "RSS, bytes a connection"));

  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Plainweave: comparison</title>
      <style>
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
        color: #222; background: #fff; }
      h2 { margin: 2.5rem 0 0; } h2 small { font-weight: normal; color: #666; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5rem 0; }
      th, td { padding: .15rem .6rem; text-align: right; white-space: nowrap;
        border-bottom: 1px solid #ddd; }
      th:first-child, td:first-child { text-align: left; }
      td.failed { text-align: left; color: #b00; white-space: pre-wrap; }
      .bars { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem 2rem; }
      .bars h3 { font-size: 1em; font-weight: normal; color: #666; margin: .5rem 0 .2rem; }
      .bar { display: grid; grid-template-columns: 10rem 1fr; align-items: center; font-size: .9em; }
      .bar div { background: #9bb8d3; height: 1.1em; padding-left: .3em; white-space: nowrap; }
      .bar.own div { background: #e0a458; }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; }
      @media (prefers-color-scheme: dark) {
        body { color: #ddd; background: #1b1b1b; } th, td { border-color: #444; }
        .bar div { color: #111; } h2 small, .bars h3 { color: #aaa; } td.failed { color: #f77; }
      }
      </style>
      </head>
      <body>
      <h1>The same work, several servers</h1>
      """;

  private Page() {}

  static void write(Path file, Results results) throws IOException {
    StringBuilder html = new StringBuilder(HEAD);
    results.notes().forEach(note -> html.append("<p>").append(Html.escape(note)).append("</p>\n"));
    for (Tables.Table table : results.tables()) {
      html.append("<h2>").append(Html.escape(table.work().name()));
      html.append(" <small>")
          .append(Html.escape(table.work().description()))
          .append("</small></h2>\n");
      bars(html, table);
      table(html, table);
    }
    environment(html, results.environment());
    html.append("</body>\n</html>\n");
    Files.writeString(file, html);
  }

  private static void bars(StringBuilder html, Tables.Table table) {
    html.append("<div class=\"bars\">\n");
    for (Bar bar : table.work().kind() == Work.Kind.IDLE ? IDLE_BARS : LOAD_BARS) {
      List<List<String>> rows = new ArrayList<>(table.rows());
      rows.removeIf(row -> row.size() == 2 || row.get(bar.column()).equals("-"));
      double most = rows.stream().mapToDouble(row -> number(row, bar)).max().orElse(1);
      html.append("<div><h3>").append(bar.title()).append("</h3>\n");
      for (List<String> row : rows) {
        html.append(
            String.format(
                Locale.ROOT,
                "<div class=\"bar%s\"><span>%s</span><div style=\"width:%.1f%%\">%s</div></div>\n",
                row.getFirst().startsWith("plainweave") ? " own" : "",
                Html.escape(row.getFirst()),
                Math.max(0, 100 * number(row, bar) / most),
                row.get(bar.column())));
      }
      html.append("</div>\n");
    }
    html.append("</div>\n");
  }

  private static double number(List<String> row, Bar bar) {
    return Double.parseDouble(row.get(bar.column()).replace(",", ""));
  }

  private static void table(StringBuilder html, Tables.Table table) {
    html.append("<div class=\"scroll\"><table>\n<tr>");
    table.head().forEach(cell -> html.append("<th>").append(cell).append("</th>"));
    html.append("</tr>\n");
    for (List<String> row : table.rows()) {
      html.append("<tr>");
      if (row.size() == 2) {
        html.append("<td>").append(Html.escape(row.getFirst()));
        html.append("</td><td class=\"failed\" colspan=\"").append(table.head().size() - 1);
        html.append("\">").append(Html.escape(row.getLast())).append("</td>");
      } else {
        row.forEach(cell -> html.append("<td>").append(Html.escape(cell)).append("</td>"));
      }
      html.append("</tr>\n");
    }
    html.append("</table></div>\n");
  }

  private static void environment(StringBuilder html, Environment environment) {
    html.append("<h2>Where and how</h2>\n<div class=\"scroll\"><table>\n");
    Map<String, String> facts =
        Map.of(
            "date", environment.date(),
            "machine", environment.machine(),
            "kernel", environment.kernel(),
            "JDK", environment.jdk(),
            "commit", environment.commit(),
            "command", environment.commandLine());
    for (String name : List.of("date", "machine", "kernel", "JDK", "commit", "command")) {
      fact(html, name, facts.get(name));
    }
    environment.flags().forEach((server, flags) -> fact(html, server, flags));
    environment.kernelSettings().forEach((name, value) -> fact(html, name, value));
    html.append("</table></div>\n");
  }

  private static void fact(StringBuilder html, String name, String value) {
    html.append("<tr><td>").append(Html.escape(name)).append("</td><td style=\"text-align:left\">");
    html.append("<code>").append(Html.escape(value)).append("</code></td></tr>\n");
  }
}
