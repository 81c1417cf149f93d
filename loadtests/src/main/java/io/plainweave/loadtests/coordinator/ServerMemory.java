package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import java.util.Collection;
import java.util.LongSummaryStatistics;
import java.util.OptionalLong;

/**
 * What the servers and the kernel have at a time.
 *
 * @param servers what each of them told
 * @param slabs the kernel's own objects; empty if unknown
 */
record ServerMemory(Collection<Notice.Memory> servers, OptionalLong slabs) {

  /** Finds how even the shares of several servers are. */
  void tellShares(Findings findings) {
    if (servers.size() < 2) {
      return;
    }
    LongSummaryStatistics shares =
        servers.stream().mapToLong(Notice.Memory::connections).summaryStatistics();
    findings.figure(
        "each server",
        shares.getMax(),
        "",
        "%,d to %,d connections",
        shares.getMin(),
        shares.getMax());
    if (rss().isPresent()) {
      LongSummaryStatistics resident =
          servers.stream().mapToLong(it -> it.rss().getAsLong() / 1_000_000).summaryStatistics();
      findings.figure(
          "  RSS",
          resident.getMax() * 1e6,
          "B",
          "%,d to %,d MB",
          resident.getMin(),
          resident.getMax());
    }
  }

  /** Finds what has come since an earlier time, by the connections. */
  void tellGrowth(ServerMemory since, long connections, Findings findings) {
    findings.perConnection("server heap", heap() - since.heap(), connections, ", live");
    if (rss().isPresent()) {
      long growth = rss().getAsLong() - since.rss().getAsLong();
      findings.perConnection("server RSS", growth, connections, "");
    } else {
      findings.figure("server RSS", Double.NaN, "B", "unknown: this system has no /proc");
    }
    if (slabs.isPresent() && since.slabs.isPresent()) {
      findings.perConnection(
          "kernel memory",
          slabs.getAsLong() - since.slabs.getAsLong(),
          connections,
          ", both ends, with what else the machine did");
    } else {
      findings.figure("kernel memory", Double.NaN, "B", "unknown: this system has no /proc");
    }
  }

  private long heap() {
    return servers.stream().mapToLong(Notice.Memory::heap).sum();
  }

  private OptionalLong rss() {
    return servers.stream().allMatch(it -> it.rss().isPresent())
        ? OptionalLong.of(servers.stream().mapToLong(it -> it.rss().getAsLong()).sum())
        : OptionalLong.empty();
  }
}
