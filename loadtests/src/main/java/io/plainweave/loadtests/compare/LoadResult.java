package io.plainweave.loadtests.compare;

import org.HdrHistogram.Histogram;

/**
 * What the client found while it measured.
 *
 * @param failure what went wrong; then nothing else means anything; null if nothing did
 * @param messages answered, or connections made in churn
 * @param seconds measured
 * @param serverNanos processor time of the server
 * @param clientNanos processor time of the client
 * @param otherCores cores that other processes kept busy meanwhile
 * @param late share of the messages of an open loop that the client itself sent over a millisecond
 *     late
 * @param p50 latency that half of the messages did not exceed, in nanoseconds
 * @param p99 of 99 %
 * @param p999 of 99.9 %
 * @param max longest latency, answered or not
 */
public record LoadResult(
    String failure,
    long messages,
    double seconds,
    long serverNanos,
    long clientNanos,
    double otherCores,
    double late,
    long p50,
    long p99,
    long p999,
    long max) {

  static LoadResult failed(String failure) {
    return new LoadResult(failure, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /** So many idle connections are open. */
  static LoadResult held(int connections) {
    return new LoadResult(null, connections, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  static LoadResult of(Window window, long messages, Histogram latencies, long late) {
    return new LoadResult(
        null,
        messages,
        window.seconds(),
        window.serverNanos(),
        window.clientNanos(),
        window.otherCores(),
        messages == 0 ? 0 : (double) late / messages,
        latencies.getValueAtPercentile(50),
        latencies.getValueAtPercentile(99),
        latencies.getValueAtPercentile(99.9),
        latencies.getMaxValue());
  }
}
