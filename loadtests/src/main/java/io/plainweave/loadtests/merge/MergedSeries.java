package io.plainweave.loadtests.merge;

import io.plainweave.loadtests.report.Panel;
import io.plainweave.loadtests.report.Series;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The series of several generators as one: their sum at common times, or the highest of them where
 * a sum would mean nothing.
 */
final class MergedSeries {
  private record Key(String name, String unit, Panel panel) {}

  private MergedSeries() {}

  static List<Series> of(List<Part> parts) {
    Map<Key, List<Series>> byKey = new LinkedHashMap<>();
    for (Part part : parts) {
      for (Series series : part.report().series()) {
        if (series.seconds().length > 0) {
          byKey
              .computeIfAbsent(
                  new Key(series.name(), series.unit(), series.panel()), _ -> new ArrayList<>())
              .add(series);
        }
      }
    }
    return byKey.entrySet().stream().map(it -> merge(it.getKey(), it.getValue())).toList();
  }

  private static Series merge(Key key, List<Series> all) {
    double[] seconds = grid(all);
    double[] values = new double[seconds.length];
    for (int i = 0; i < seconds.length; i++) {
      double second = seconds[i];
      var at = all.stream().mapToDouble(it -> valueAt(it, second));
      values[i] =
          key.panel() == Panel.LATENCY
              ? at.filter(Double::isFinite).max().orElse(Double.NaN)
              : at.sum();
    }
    return new Series(key.name(), key.unit(), key.panel(), seconds, values);
  }

  /** Even steps from 0 to the end of the longest, as fine as the finest of them. */
  private static double[] grid(List<Series> all) {
    int count = all.stream().mapToInt(it -> it.seconds().length).max().orElseThrow();
    double end = all.stream().mapToDouble(MergedSeries::end).max().orElseThrow();
    double[] seconds = new double[Math.max(2, count)];
    for (int i = 0; i < seconds.length; i++) {
      seconds[i] = end * i / (seconds.length - 1);
    }
    return seconds;
  }

  /** The value at a time, on the line between the two that are known. */
  private static double valueAt(Series series, double second) {
    int found = Arrays.binarySearch(series.seconds(), second);
    if (found >= 0) {
      return series.values()[found];
    }
    int next = -found - 1;
    if (next == 0) {
      return outside(series, series.values()[0]);
    }
    if (next == series.seconds().length) {
      return outside(series, series.values()[next - 1]);
    }
    double from = series.seconds()[next - 1];
    double part = (second - from) / (series.seconds()[next] - from);
    double low = series.values()[next - 1];
    return low + part * (series.values()[next] - low);
  }

  /** Before its first value and after its last a generator does nothing; what it took, it took. */
  private static double outside(Series series, double nearest) {
    return switch (series.panel()) {
      case CONNECTIONS, RATE, PROCESSOR -> 0;
      case LATENCY -> Double.NaN;
      case MEMORY, ERRORS -> nearest;
    };
  }

  private static double end(Series series) {
    return series.seconds()[series.seconds().length - 1];
  }
}
