package io.plainweave.loadtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ReportTest {
  private static final Layout LAYOUT = new Layout(2_000, 2, 1_000, 2, 1, 64);

  @Test
  void aRunWithoutErrorsIsFine() {
    assertTrue(report(2_000, 2_000, true, OptionalLong.of(1), Map.of()).isFine());
  }

  @Test
  void aRunWithAnErrorIsNotFine() {
    assertFalse(report(2_000, 2_000, true, OptionalLong.of(1), Map.of(Failure.RESET, 1)).isFine());
  }

  @Test
  void aRunThatMissesASweptConnectionIsNotFine() {
    assertFalse(report(1_999, 2_000, true, OptionalLong.of(1), Map.of()).isFine());
  }

  @Test
  void aRunThatMissesAnEndIsNotFine() {
    assertFalse(report(2_000, 1_999, true, OptionalLong.of(1), Map.of()).isFine());
  }

  @Test
  void aRunWhoseServersDidNotTerminateIsNotFine() {
    assertFalse(report(2_000, 2_000, false, OptionalLong.of(1), Map.of()).isFine());
  }

  @Test
  void isATable() {
    assertEquals(
        """
        2,000 connections, processes: 2 server + 2 client, addresses: 1
        connected       2,000
        connect rate    1,000/s (2.00 s)
        sweep rate      3,996/s (0.50 s)
        message latency         p50        p90        p99      p99.9        max
          in the ramp       1.00 ms    1.00 ms    1.00 ms    1.00 ms    1.00 ms
          in the sweep      2.00 ms    2.00 ms    2.00 ms    2.00 ms    2.00 ms
        server heap     1,500 B a connection, live
        server RSS      2,500 B a connection
        kernel memory   8,100 B a connection, both ends, with what else the machine did
        drain           1.25 s, 1,999 clean ends
        errors          2
          reset         1
          wrong bytes   1
        """,
        text(
            report(
                1_998,
                1_999,
                true,
                OptionalLong.of(5_000_000),
                new EnumMap<>(Map.of(Failure.RESET, 1, Failure.WRONG_BYTES, 1)))));
  }

  @Test
  void saysWhereTheSystemDoesNotTellTheMemory() {
    String text = text(report(2_000, 2_000, true, OptionalLong.empty(), Map.of()));

    assertTrue(text.contains("server RSS      unknown: this system has no /proc\n"), text);
    assertTrue(text.contains("kernel memory   unknown: this system has no /proc\n"), text);
  }

  private static Report report(
      int swept,
      int ended,
      boolean drainComplete,
      OptionalLong rss,
      Map<Failure, Integer> failures) {
    return new Report(
        LAYOUT,
        2_000,
        Duration.ofSeconds(2),
        latencies(1_000_000),
        swept,
        Duration.ofMillis(500),
        latencies(2_000_000),
        3_000_000,
        rss,
        rss.isPresent() ? OptionalLong.of(16_200_000) : rss,
        ended,
        Duration.ofMillis(1_250),
        drainComplete,
        failures);
  }

  private static Histogram latencies(long nanos) {
    Histogram histogram = new Histogram(3);
    histogram.recordValue(nanos);
    return histogram;
  }

  private static String text(Report report) {
    StringWriter out = new StringWriter();
    report.print(new PrintWriter(out));
    return out.toString().replace(System.lineSeparator(), "\n");
  }
}
