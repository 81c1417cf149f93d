package io.plainweave.loadtests;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.HdrHistogram.Histogram;

/**
 * What a run found.
 *
 * @param layout how it was laid out
 * @param connected connections that were opened and had their first message answered
 * @param rampTime how long that took
 * @param rampLatencies of the first messages, in nanoseconds
 * @param swept connections that answered the sweep
 * @param sweepTime how long the sweep took
 * @param sweepLatencies of the sweep's messages, in nanoseconds
 * @param heap live bytes in all servers above what they hold when idle
 * @param rss resident bytes of all servers above what they have when idle; empty if unknown
 * @param kernel bytes of kernel objects on the whole machine above those before the ramp; empty if
 *     unknown
 * @param ended connections that met a clean end of stream in the drain
 * @param drainTime from the signal until the servers had terminated
 * @param drainComplete whether every server had terminated within its time
 * @param failures failed connections by kind
 */
record Report(
    Layout layout,
    int connected,
    Duration rampTime,
    Histogram rampLatencies,
    int swept,
    Duration sweepTime,
    Histogram sweepLatencies,
    long heap,
    OptionalLong rss,
    OptionalLong kernel,
    int ended,
    Duration drainTime,
    boolean drainComplete,
    Map<Failure, Integer> failures) {

  /** Whether every connection did all that was asked of it, and every server drained. */
  boolean isFine() {
    int all = layout.connections();
    return failures.isEmpty() && connected == all && swept == all && ended == all && drainComplete;
  }

  void print(PrintWriter out) {
    out.println(layout);
    row(out, "connected", "%,d", connected);
    row(out, "connect rate", "%,.0f/s (%s)", rate(connected, rampTime), seconds(rampTime));
    row(out, "sweep rate", "%,.0f/s (%s)", rate(swept, sweepTime), seconds(sweepTime));
    row(out, "message latency", "%11s%11s%11s%11s%11s", "p50", "p90", "p99", "p99.9", "max");
    latencies(out, "  in the ramp", rampLatencies);
    latencies(out, "  in the sweep", sweepLatencies);
    row(out, "server heap", "%,d B a connection, live", perConnection(heap));
    if (rss.isPresent()) {
      row(out, "server RSS", "%,d B a connection", perConnection(rss.getAsLong()));
    } else {
      row(out, "server RSS", "unknown: this system has no /proc");
    }
    if (kernel.isPresent()) {
      long bytes = perConnection(kernel.getAsLong());
      row(
          out,
          "kernel memory",
          "%,d B a connection, both ends, with what else the machine did",
          bytes);
    } else {
      row(out, "kernel memory", "unknown: this system has no /proc");
    }
    row(
        out,
        "drain",
        "%s%s, %,d clean ends",
        seconds(drainTime),
        drainComplete ? "" : " and not over",
        ended);
    int errors = failures.values().stream().mapToInt(Integer::intValue).sum();
    row(out, "errors", "%,d", errors);
    failures.forEach((kind, count) -> row(out, "  " + kind.label(), "%,d", count));
    out.flush();
  }

  private long perConnection(long bytes) {
    return connected == 0 ? 0 : bytes / connected;
  }

  private static void latencies(PrintWriter out, String name, Histogram latencies) {
    StringBuilder text = new StringBuilder();
    for (double percentile : new double[] {50, 90, 99, 99.9, 100}) {
      double millis = latencies.getValueAtPercentile(percentile) / 1e6;
      text.append(String.format(Locale.ROOT, "%8.2f ms", millis));
    }
    row(out, name, "%s", text);
  }

  private static double rate(int count, Duration time) {
    return count / Math.max(1e-9, time.toNanos() / 1e9);
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.2f s", time.toNanos() / 1e9);
  }

  private static void row(PrintWriter out, String name, String format, Object... values) {
    String value = String.format(Locale.ROOT, format, values);
    out.println(String.format(Locale.ROOT, "%-16s%s", name, value));
  }
}
