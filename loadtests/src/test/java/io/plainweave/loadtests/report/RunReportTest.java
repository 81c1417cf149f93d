package io.plainweave.loadtests.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class RunReportTest {
  @Test
  void aRunIsFineIfEveryExpectationHeld() {
    assertTrue(SampleReports.million().isFine());
  }

  @Test
  void aRunWithAFailedExpectationIsNotFine() {
    assertFalse(SampleReports.small().isFine());
  }

  @Test
  void printsATable() {
    StringWriter text = new StringWriter();
    SampleReports.small().print(new PrintWriter(text));
    assertEquals(
        """
        connected       2,000
        connect rate    1,000/s (2.00 s)
        server heap     1,500 B a connection, live
        message latency         p50        p90        p99      p99.9        max
          in the ramp       1.00 ms    1.00 ms    1.00 ms   20.00 ms   20.00 ms
          in the sweep      2.00 ms    2.00 ms    2.00 ms    2.00 ms    2.00 ms
        expected
          held    every connection is answered: 2,000 of 2,000
          FAILED  every connection answers the sweep: 1,999 of 2,000
        Clients and servers share the cores.
        """,
        text.toString().replace(System.lineSeparator(), "\n"));
  }
}
