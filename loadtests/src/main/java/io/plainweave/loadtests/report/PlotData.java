package io.plainweave.loadtests.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/**
 * What the page's script draws.
 *
 * @param end of the run, in seconds since it began
 * @param plots over time, in the order of their panels
 * @param curves of the latencies over their percentiles, in milliseconds
 */
record PlotData(
    double end, List<TimedPhase> phases, List<Plot> plots, List<Pause> pauses, List<Line> curves) {
  private static final MathContext PRECISION = new MathContext(6);
  private static final int STEPS_PER_HALF = 8;

  /** Lines that share their axes. */
  record Plot(String title, String unit, List<Line> lines) {}

  /** The points of a line; a y is null where nothing is known. */
  record Line(String name, List<BigDecimal> x, List<BigDecimal> y) {}

  private record Axes(Panel panel, String unit) {}

  static PlotData of(RunReport report) {
    double end =
        Stream.of(
                report.phases().stream().map(TimedPhase::to),
                report.pauses().stream().map(Pause::second),
                report.series().stream()
                    .filter(it -> it.seconds().length > 0)
                    .map(it -> it.seconds()[it.seconds().length - 1]))
            .flatMap(seconds -> seconds)
            .max(Comparator.naturalOrder())
            .orElse(0.0);
    return new PlotData(
        end,
        report.phases(),
        plots(report.series()),
        report.pauses(),
        report.latencies().stream()
            .filter(it -> it.histogram().getTotalCount() > 0)
            .map(it -> curve(it.name(), it.histogram()))
            .toList());
  }

  private static List<Plot> plots(List<Series> all) {
    Map<Axes, List<Line>> plots = new LinkedHashMap<>();
    for (Panel panel : Panel.values()) {
      for (Series series : all) {
        if (series.panel() == panel && series.seconds().length > 0) {
          plots
              .computeIfAbsent(new Axes(panel, series.unit()), _ -> new ArrayList<>())
              .add(new Line(series.name(), rounded(series.seconds()), rounded(series.values())));
        }
      }
    }
    return plots.entrySet().stream()
        .map(it -> new Plot(title(it.getKey(), plots.keySet()), it.getKey().unit(), it.getValue()))
        .toList();
  }

  /** With the unit, if the panel takes several plots. */
  private static String title(Axes axes, Set<Axes> all) {
    boolean isAlone = all.stream().filter(it -> it.panel() == axes.panel()).count() == 1;
    String title = axes.panel().title();
    return isAlone || axes.unit().isEmpty() ? title : title + " (" + axes.unit() + ")";
  }

  /**
   * The latencies over how rare they are: x is 1 at 90 %, 2 at 99 %, 3 at 99.9 %. The slowest of
   * all stands where one of so many does.
   */
  private static Line curve(String name, Histogram histogram) {
    List<BigDecimal> x = new ArrayList<>();
    List<BigDecimal> y = new ArrayList<>();
    double last = Math.log10(histogram.getTotalCount());
    for (HistogramIterationValue it : histogram.percentiles(STEPS_PER_HALF)) {
      double nines = -Math.log10(1 - it.getPercentileLevelIteratedTo() / 100);
      x.add(rounded(Math.min(nines, last)));
      y.add(rounded(it.getValueIteratedTo() / 1e6));
    }
    return new Line(name, x, y);
  }

  private static List<BigDecimal> rounded(double[] values) {
    List<BigDecimal> rounded = new ArrayList<>(values.length);
    for (double value : values) {
      rounded.add(rounded(value));
    }
    return rounded;
  }

  /** As precise as a plot can show, so that the page stays small. */
  private static BigDecimal rounded(double value) {
    return Double.isFinite(value) ? new BigDecimal(value, PRECISION).stripTrailingZeros() : null;
  }
}
