package io.plainweave.loadtests.report;

import java.util.List;

/** Builds HTML, with all text escaped. Not thread-safe. */
public final class Html {
  private final StringBuilder html = new StringBuilder();

  /** Opens an element; what follows the name in {@code tag} are its attributes. */
  Html open(String tag) {
    html.append('<').append(tag).append('>');
    return this;
  }

  Html close(String name) {
    html.append("</").append(name).append(">\n");
    return this;
  }

  Html text(String text) {
    html.append(escape(text));
    return this;
  }

  /** An element with nothing but text in it. */
  Html element(String tag, String text) {
    int space = tag.indexOf(' ');
    return open(tag).text(text).close(space < 0 ? tag : tag.substring(0, space));
  }

  /** Opens a table that scrolls by itself where it is too wide, and writes its head. */
  Html openTable(String label, List<String> head) {
    // A keyboard scrolls only what it can reach.
    open("div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + label + "\"");
    open("table");
    open("thead").open("tr");
    head.forEach(it -> element("th scope=\"col\"", it));
    return close("tr").close("thead").open("tbody");
  }

  Html row(String name, List<String> cells) {
    open("tr").element("th scope=\"row\"", name);
    cells.forEach(it -> element("td", it));
    return close("tr");
  }

  /** A row with one cell beside its name, as wide as so many columns. */
  Html sentence(String name, String text, int columns) {
    open("tr").element("th scope=\"row\"", name);
    element("td class=\"sentence\" colspan=\"" + columns + "\"", text);
    return close("tr");
  }

  Html closeTable() {
    return close("tbody").close("table").close("div");
  }

  /** The text, with what would mean something in HTML written as text. */
  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  @Override
  public String toString() {
    return html.toString();
  }
}
