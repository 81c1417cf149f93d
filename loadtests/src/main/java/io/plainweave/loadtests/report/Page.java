package io.plainweave.loadtests.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The page of a report: one HTML file that needs no network.
 *
 * <p>All text is here, so that it can be read without the script; the script draws the plots.
 */
final class Page {
  private final RunReport report;

  private Page(RunReport report) {
    this.report = report;
  }

  static String of(RunReport report) {
    Page page = new Page(report);
    PlotData plots = PlotData.of(report);
    Map<String, String> parts =
        Map.ofEntries(
            Map.entry("title", Html.escape(report.command())),
            Map.entry("header", page.header()),
            Map.entry("expectations", page.expectations()),
            Map.entry("figures", PageParts.figures(report.figures())),
            Map.entry("notes", PageParts.notes(report.notes())),
            Map.entry("sections", page.overTime(plots) + page.latencies() + page.pauses()),
            Map.entry("environment", PageParts.environment(report.environment())));
    return PageParts.page(parts, plots, "page.js");
  }

  private String header() {
    Html html = new Html().element("h1", report.command());
    int all = report.expectations().size();
    long failed = report.expectations().stream().filter(it -> !it.held()).count();
    if (failed > 0) {
      String text = "%d of %d expectations failed";
      html.element("p class=\"verdict failed\"", text.formatted(failed, all));
    } else if (all > 0) {
      String text = all == 1 ? "The expectation held" : "All %d expectations held";
      html.element("p class=\"verdict held\"", text.formatted(all));
    }
    return html + PageParts.where(report.environment());
  }

  private String expectations() {
    if (report.expectations().isEmpty()) {
      return "";
    }
    Html html = new Html().open("ul class=\"expectations\"");
    report.expectations().stream()
        .sorted(Comparator.comparing(Expectation::held)) // the failed ones first
        .forEach(it ->
            html.open("li class=\"" + (it.held() ? "held" : "failed") + "\"")
                .element("span class=\"state\"", it.held() ? "held" : "failed")
                .element("span", it.text())
                .element("span class=\"seen\"", it.seen())
                .close("li"));
    return html.close("ul").toString();
  }

  private String overTime(PlotData plots) {
    if (plots.plots().isEmpty() && plots.pauses().isEmpty()) {
      return "";
    }
    Html html = new Html().open("section").element("h2", "Over time").open("p class=\"phases\"");
    for (TimedPhase phase : report.phases()) {
      html.open("span").text(phase.name() + " ");
      html.element("b", duration(phase.to() - phase.from())).close("span");
    }
    return html.close("p")
        .element(
            "p class=\"hint\"",
            "Values are those under the pointer. Drag to zoom in, double-click to zoom out.")
        .open("div id=\"plots\" class=\"plots\"")
        .close("div")
        .close("section")
        .toString();
  }

  private String latencies() {
    if (report.latencies().isEmpty()) {
      return "";
    }
    List<String> head = new ArrayList<>(List.of("milliseconds"));
    for (double percentile : Latencies.PERCENTILES) {
      head.add(Latencies.label(percentile));
    }
    head.add("messages");
    Html html = new Html().open("section").element("h2", "Message latency");
    html.open("div id=\"curves\"").close("div").openTable("Latencies", head);
    for (Latencies latencies : report.latencies()) {
      List<String> cells = new ArrayList<>();
      for (double percentile : Latencies.PERCENTILES) {
        cells.add(number("%,.2f", latencies.millis(percentile)));
      }
      cells.add(number("%,d", latencies.histogram().getTotalCount()));
      html.row(latencies.name(), cells);
    }
    return html.closeTable().close("section").toString();
  }

  private String pauses() {
    if (report.pauses().isEmpty()) {
      return "";
    }
    Map<String, List<Pause>> byProcess = new LinkedHashMap<>();
    for (Pause pause : report.pauses()) {
      byProcess.computeIfAbsent(pause.process(), _ -> new ArrayList<>()).add(pause);
    }
    Html html = new Html().open("section").element("h2", "Garbage collection");
    html.openTable("Pauses", List.of("process", "pauses", "in all", "longest", "its cause"));
    byProcess.forEach((process, pauses) -> {
      Pause longest = pauses.stream().max(Comparator.comparing(Pause::millis)).orElseThrow();
      double all = pauses.stream().mapToDouble(Pause::millis).sum();
      html.row(
          process,
          List.of(
              number("%,d", pauses.size()),
              number("%,.2f s", all / 1_000),
              number("%,.1f ms", longest.millis()),
              longest.cause()));
    });
    return html.closeTable().close("section").toString();
  }

  private static String duration(double seconds) {
    return seconds < 60
        ? number("%.1f s", seconds)
        : String.format(Locale.ROOT, "%d min %02.0f s", (long) seconds / 60, seconds % 60);
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }
}
