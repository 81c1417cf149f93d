package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import io.plainweave.loadtests.machine.ListenQueues;
import io.plainweave.loadtests.report.Figure;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import org.HdrHistogram.Histogram;

/** All connections are cut at once and come back at once. */
public final class StormPhase {
  private final Run run;

  public StormPhase(Run run) {
    this.run = run;
  }

  /** Leads it; the connections are open before and, if all goes well, afterwards. */
  public void lead(Duration limit) throws InterruptedException {
    long all = run.connected();
    run.begin(Phase.STORM, all);
    Optional<ListenQueues> before = ListenQueues.read();
    run.clients().forEach(client -> client.tell(new Order.Storm(limit, run.targets())));
    Collection<Notice.Done> done = run.done(limit.plus(run.limit()));
    Optional<ListenQueues> after = ListenQueues.read();
    Histogram latencies = Run.latencies(done);
    Findings findings = run.findings();
    back("half are back", latencies, 50);
    back("99 % are back", latencies, 99);
    back("the last is back", latencies, 100);
    findings.latencies("back after the cut", latencies);
    // The queues are those of this machine.
    if (!run.servers().running().isEmpty() && before.isPresent() && after.isPresent()) {
      findings.count("listen overflows", after.get().overflows() - before.get().overflows());
      findings.count("listen drops", after.get().drops() - before.get().drops());
    }
    long answered = Run.sum(done, Notice.Done::done);
    findings.expect(
        "every connection is back and answered within " + limit.toMillis() + " ms",
        answered == all && latencies.getMaxValue() <= limit.toNanos(),
        "%,d of %,d, the last after %.2f s",
        answered,
        all,
        latencies.getMaxValue() / 1e9);
  }

  private void back(String name, Histogram latencies, double percentile) {
    double seconds = latencies.getValueAtPercentile(percentile) / 1e9;
    run.findings().figure(Figure.Merge.MAX, name, seconds, "s", "%.2f s after the cut", seconds);
  }
}
