package io.plainweave.loadtests.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class SystemCallsTest {
  @Test
  void areCountedForAMessage() {
    String summary =
        """
        % time     seconds  usecs/call     calls    errors syscall
        ------ ----------- ----------- --------- --------- ----------------
         85.63    0.221690         379       500        95 futex
          3.85    0.009965           9      1000           read
          3.75    0.009720           9      1001           write
          1.92    0.004980        1245         4         2 restart_syscall
          0.03    0.000063          31         2           mmap
        ------ ----------- ----------- --------- --------- ----------------
        100.00    0.258887          70      2507        97 total
        """;

    SystemCalls calls = SystemCalls.of(50, summary, 1_000);

    assertEquals(2.503, calls.perMessage(), 1e-9, "without what strace itself has caused");
    assertEquals(List.of("write", "read", "futex"), List.copyOf(calls.byName().keySet()));
    assertEquals(0.5, calls.byName().get("futex"), 1e-9);
  }

  @Test
  void areUnknownWithoutASummary() {
    assertEquals(
        SystemCalls.failed(50, "strace has written no summary"), SystemCalls.of(50, "", 1_000));
  }
}
