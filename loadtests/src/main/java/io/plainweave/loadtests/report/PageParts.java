package io.plainweave.loadtests.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What all pages of reports have: one HTML file that needs no network, and its parts. */
final class PageParts {
  private static final Pattern SLOT = Pattern.compile("\\{\\{([a-z-]+)}}");
  // What leads a figure's text and is printed large: "1,599 B", "9,346/s", "189.00 s".
  private static final Pattern NUMBER =
      Pattern.compile("^-?\\d[\\d,.]*\\d?(?: ?(?:[kMGT]?B|[mµn]?s|min|/s|%)(?!\\w))?");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private PageParts() {}

  /**
   * A whole page.
   *
   * @param parts what is put into the slots of the page; a slot without a part is empty
   * @param data what the script draws
   * @param script the file that draws it, after what all pages share
   */
  static String page(Map<String, String> parts, Object data, String script) {
    Map<String, String> slots = new HashMap<>(parts);
    slots.put("library-style", resource("uplot/uPlot.min.css"));
    slots.put("style", resource("page.css"));
    slots.put("data", json(data));
    slots.put("library-licence", resource("uplot/LICENSE").strip());
    slots.put("library", resource("uplot/uPlot.iife.min.js"));
    slots.put("script", resource("numbers.js") + resource("plots.js") + resource(script));
    return SLOT.matcher(resource("page.html"))
        .replaceAll(it -> Matcher.quoteReplacement(slots.getOrDefault(it.group(1), "")));
  }

  /** Where and when it was, and by which command. */
  static String where(Environment environment) {
    return new Html()
        .element(
            "p class=\"where\"",
            String.join(
                " · ",
                environment.date().replace('T', ' '),
                environment.machine(),
                "commit " + environment.commit()))
        .element("p class=\"command\"", environment.commandLine())
        .toString();
  }

  static String figures(List<Figure> figures) {
    Html html = new Html().open("dl class=\"figures\"");
    for (Figure figure : figures) {
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

  static String notes(List<String> notes) {
    Html html = new Html();
    notes.forEach(it -> html.element("p class=\"note\"", it));
    return html.toString();
  }

  static String environment(Environment environment) {
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

  private static String json(Object data) {
    try {
      // Nothing in it can end the element it stands in.
      return MAPPER.writeValueAsString(data).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write the plots as JSON", e);
    }
  }

  private static String resource(String name) {
    try (InputStream in = PageParts.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }
}
