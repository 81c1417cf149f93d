package io.plainweave.loadtests.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ProcessTreeTest {
  private static final long SELF = ProcessHandle.current().pid();

  /** No process has a number so high: pid_max is 4,194,304 at most. */
  private static final long NOBODY = 99_999_999;

  @Test
  void countsBothKindsOfContextSwitches() {
    String status =
        "Name:\tjava\nVmRSS:\t  12 kB\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n";
    assertEquals(157, ProcessTree.switches(status));
  }

  @Test
  void readsAFieldByItsWholeName() {
    String rollup = "Rss:          2000 kB\nPss:            30 kB\nPss_Dirty:      20 kB\n";
    assertEquals(30 * 1_024, ProcessTree.kilobytes(ProcessTree.field("Pss"), rollup));
    assertEquals(0, ProcessTree.kilobytes(ProcessTree.field("Pss"), ""));
  }

  @Test
  void readsTheLimitOfDescriptors() {
    String limits =
        "Limit                     Soft Limit           Hard Limit           Units\n"
            + "Max processes             96364                96364                processes\n"
            + "Max open files            20000                30000                files\n";
    assertEquals(OptionalLong.of(20_000), ProcessTree.mostDescriptors(limits));
    String none = limits.replace("20000", "unlimited");
    assertEquals(OptionalLong.empty(), ProcessTree.mostDescriptors(none));
  }

  @Test
  void addsUpWhatLivesAndLeavesOutWhatHasEnded() throws IOException {
    ProcessTree self = new ProcessTree(List.of(SELF));
    ProcessTree twice = new ProcessTree(List.of(SELF, SELF, NOBODY));

    assertTrue(self.threads() > 1);
    assertTrue(self.memory() > 10_000_000);
    assertTrue(self.switches() > 0);
    assertTrue(self.maps() > 10);
    assertTrue(self.descriptors() > 2);
    assertTrue(twice.memory() > 1.5 * self.memory());
    assertTrue(twice.switches() > 1.5 * self.switches());
  }
}
