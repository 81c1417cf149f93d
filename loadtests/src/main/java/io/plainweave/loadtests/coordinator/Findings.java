package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.report.Environment;
import io.plainweave.loadtests.report.Expectation;
import io.plainweave.loadtests.report.Figure;
import io.plainweave.loadtests.report.Latencies;
import io.plainweave.loadtests.report.RunReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What a run has found so far; a report can be made of it at any time, also of a run that failed.
 *
 * <p>Confined to the thread that leads the run.
 */
public final class Findings {
  private final List<Figure> figures = new ArrayList<>();
  private final List<Expectation> expectations = new ArrayList<>();
  private final List<Latencies> latencies = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  Findings() {}

  /** A number, and how people read it. */
  public void figure(String name, double value, String unit, String format, Object... values) {
    figure(Figure.Merge.NONE, name, value, unit, format, values);
  }

  /** The same for a number that merges with those of other machines. */
  public void figure(
      Figure.Merge merge, String name, double value, String unit, String format, Object... values) {
    figures.add(new Figure(name, value, unit, String.format(Locale.ROOT, format, values), merge));
  }

  /** A plain number, which merges as a sum. */
  public void count(String name, long count) {
    figure(Figure.Merge.SUM, name, count, "", "%,d", count);
  }

  /** So many in a time, which merges as a sum. */
  public void rate(String name, long count, Duration took) {
    double seconds = Math.max(1e-9, took.toNanos() / 1e9);
    double rate = count / seconds;
    figure(Figure.Merge.SUM, name, rate, "/s", "%,.0f/s (%.2f s)", rate, seconds);
  }

  /** Bytes, divided by the connections. */
  public void perConnection(String name, long bytes, long connections, String what) {
    long each = connections == 0 ? 0 : bytes / connections;
    figure(name, each, "B", "%,d B a connection%s", each, what);
  }

  /** The latencies of one kind of message, in nanoseconds. */
  public void latencies(String name, Histogram histogram) {
    latencies.add(new Latencies(name, histogram));
  }

  /** What must hold, and what was seen. */
  public void expect(String text, boolean held, String seen, Object... values) {
    expectations.add(new Expectation(text, held, String.format(Locale.ROOT, seen, values)));
  }

  /** That all of them did something. */
  public void expectAll(String text, long seen, long all) {
    expect(text, seen == all, "%,d of %,d", seen, all);
  }

  /** That a percentile of the latencies is not above a limit. */
  public void expectPercentile(double percentile, Histogram latencies, Duration limit) {
    double millis = latencies.getValueAtPercentile(percentile) / 1e6;
    String name = Latencies.label(percentile);
    expect(
        name + " is at most " + limit.toMillis() + " ms",
        millis <= limit.toNanos() / 1e6,
        "%.2f ms",
        millis);
  }

  /** What has to be known to read the report. */
  public void note(String sentence) {
    notes.add(sentence);
  }

  RunReport report(String command, Environment environment, Recorder recorder) {
    return new RunReport(
        command,
        environment,
        figures,
        expectations,
        recorder.phases(),
        recorder.series(),
        latencies,
        recorder.pauses(),
        notes);
  }
}
