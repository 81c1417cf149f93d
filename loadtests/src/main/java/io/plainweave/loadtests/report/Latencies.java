package io.plainweave.loadtests.report;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import org.HdrHistogram.Histogram;

/**
 * The latencies of one kind of message.
 *
 * @param name such as "in the sweep"
 * @param histogram of nanoseconds
 */
public record Latencies(
    String name,
    @JsonSerialize(using = HistogramJson.Writer.class)
        @JsonDeserialize(using = HistogramJson.Reader.class)
        Histogram histogram) {

  /** The percentiles that tables show. */
  static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};

  /** The name of a percentile in tables and in JSON, such as "p99.9". */
  public static String label(double percentile) {
    if (percentile == 100) {
      return "max";
    }
    return "p" + (percentile % 1 == 0 ? Long.toString((long) percentile) : percentile);
  }

  double millis(double percentile) {
    return histogram.getValueAtPercentile(percentile) / 1e6;
  }
}
