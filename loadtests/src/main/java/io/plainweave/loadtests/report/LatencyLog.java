package io.plainweave.loadtests.report;

import java.io.ByteArrayOutputStream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/** The latencies of a report in HdrHistogram's log format, each kind with its name as the tag. */
final class LatencyLog {
  private static final double NANOS_PER_MILLI = 1e6;

  private LatencyLog() {}

  /** In memory: the writer is a PrintStream inside, and would not tell of a full disk. */
  static byte[] of(RunReport report) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    HistogramLogWriter log = new HistogramLogWriter(bytes);
    log.outputLogFormatVersion();
    log.outputComment("[" + report.command() + ", " + report.environment().date() + "]");
    log.outputComment("[histograms of nanoseconds, the column of maxima in milliseconds]");
    log.outputLegend();
    double end = report.phases().isEmpty() ? 0 : report.phases().getLast().to();
    for (Latencies latencies : report.latencies()) {
      Histogram tagged = latencies.histogram().copy();
      tagged.setTag(latencies.name().replaceAll("[,\\s]+", "-")); // the format's separators
      log.outputIntervalHistogram(0, end, tagged, NANOS_PER_MILLI);
    }
    log.close();
    return bytes.toByteArray();
  }
}
