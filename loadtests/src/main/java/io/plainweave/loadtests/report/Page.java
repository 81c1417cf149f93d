package io.plainweave.loadtests.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The page of a report: one HTML file that needs no network.
 *
 * <p>All text is here, so that it can be read without the script; the script draws the plots.
 */
final class Page {
  private static final Pattern SLOT = Pattern.compile("\\{\\{([a-z-]+)}}");
  // What leads a figure's text and is printed large: "1,599 B", "9,346/s", "189.00 s".
  private static final Pattern NUMBER =
      Pattern.compile("^-?\\d[\\d,.]*\\d?(?: ?(?:[kMGT]?B|[mµn]?s|min|/s|%)(?!\\w))?");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final RunReport report;

  private Page(RunReport report) {
    this.report = report;
  }

  static String of(RunReport report) {
    Page page = new Page(report);
    PlotData plots = PlotData.of(report);
    Map<String, String> slots =
        Map.ofEntries(
            Map.entry("title", Html.escape(report.command())),
            Map.entry("library-style", resource("uplot/uPlot.min.css")),
            Map.entry("style", resource("page.css")),
            Map.entry("header", page.header()),
            Map.entry("expectations", page.expectations()),
            Map.entry("figures", page.figures()),
            Map.entry("notes", page.notes()),
            Map.entry("over-time", page.overTime(plots)),
            Map.entry("latencies", page.latencies()),
            Map.entry("pauses", page.pauses()),
            Map.entry("environment", page.environment()),
            Map.entry("data", json(plots)),
            Map.entry("library-licence", resource("uplot/LICENSE").strip()),
            Map.entry("library", resource("uplot/uPlot.iife.min.js")),
            Map.entry("numbers", resource("numbers.js")),
            Map.entry("script", resource("page.js")));
    return SLOT.matcher(resource("page.html"))
        .replaceAll(it -> Matcher.quoteReplacement(slots.get(it.group(1))));
  }

  private String header() {
    Environment environment = report.environment();
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
    return html.element(
            "p class=\"where\"",
            String.join(
                " · ",
                environment.date().replace('T', ' '),
                environment.machine(),
                "commit " + environment.commit()))
        .element("p class=\"command\"", environment.commandLine())
        .toString();
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

  private String figures() {
    Html html = new Html().open("dl class=\"figures\"");
    for (Figure figure : report.figures()) {
      Matcher number = NUMBER.matcher(figure.text());
      int length = number.find() ? number.end() : 0;
      html.open("div").element("dt", figure.name()).open("dd");
      if (length > 0) {
        html.open("b").text(figure.text().substring(0, length)).open("/b");
      }
      html.text(figure.text().substring(length)).close("dd").close("div");
    }
    return html.close("dl").toString();
  }

  private String notes() {
    Html html = new Html();
    report.notes().forEach(it -> html.element("p class=\"note\"", it));
    return html.toString();
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
        .open("div id=\"plots\"")
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

  private String environment() {
    Environment environment = report.environment();
    Html html = new Html().open("section").element("h2", "Where and how");
    Map<String, String> platform = new LinkedHashMap<>();
    platform.put("kernel", environment.kernel());
    platform.put("JDK", environment.jdk());
    facts(html, platform);
    if (!environment.flags().isEmpty()) {
      html.element("h3", "JVM options");
      facts(html, environment.flags());
    }
    if (!environment.kernelSettings().isEmpty()) {
      html.element("h3", "Kernel settings");
      facts(html, environment.kernelSettings());
    }
    return html.close("section").toString();
  }

  private static void facts(Html html, Map<String, String> facts) {
    html.open("dl class=\"facts\"");
    facts.forEach(
        (name, value) -> html.open("div").element("dt", name).element("dd", value).close("div"));
    html.close("dl");
  }

  private static String duration(double seconds) {
    return seconds < 60
        ? number("%.1f s", seconds)
        : String.format(Locale.ROOT, "%d min %02.0f s", (long) seconds / 60, seconds % 60);
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String json(PlotData plots) {
    try {
      // Nothing in it can end the element it stands in.
      return MAPPER.writeValueAsString(plots).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write the plots as JSON", e);
    }
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }
}
