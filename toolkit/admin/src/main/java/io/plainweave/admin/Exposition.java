package io.plainweave.admin;

import io.plainweave.status.Metric;
import io.plainweave.status.ServerStatus;
import java.io.IOException;
import java.io.Writer;
import java.util.Map;
import java.util.Optional;

/**
 * The figures in the text format of Prometheus, version 0.0.4. Names are made as Micrometer makes
 * them for a Prometheus registry, so that one dashboard serves both; a test compares them.
 */
final class Exposition {
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private Exposition() {}

  static void write(Writer writer, ServerStatus status) throws IOException {
    for (Metric metric : Metric.all()) {
      boolean counts = metric.kind() == Metric.Kind.COUNTER;
      String name = name(metric) + (counts ? "_total" : "");
      writer.write("# HELP " + name + " " + metric.description() + "\n");
      writer.write("# TYPE " + name + " " + (counts ? "counter" : "gauge") + "\n");
      Optional<String> tag = metric.tag();
      for (Map.Entry<String, Double> value : metric.values(status).entrySet()) {
        writer.write(
            name
                + tag.map(it -> "{" + it + "=\"" + escaped(value.getKey()) + "\"}").orElse("")
                + " "
                + number(value.getValue())
                + "\n");
      }
    }
  }

  /** With the unit at its end, once. */
  private static String name(Metric metric) {
    String name = metric.name().replace('.', '_');
    String unit = "_" + metric.unit();
    return name.endsWith(unit) ? name : name + unit;
  }

  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  /** Most are whole, and are read more easily so. */
  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1L << 53
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
