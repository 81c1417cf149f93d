package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.time.Duration;
import java.util.Collection;
import org.HdrHistogram.Histogram;

/** Messages that are due at a fixed rate, over all connections. */
final class LoadPhase {
  private final Run run;

  LoadPhase(Run run) {
    this.run = run;
  }

  /**
   * Leads it.
   *
   * @param phase what it is called
   * @param name what its latencies are called
   * @param rate messages a second in the whole run
   * @return the latencies
   */
  Histogram lead(Phase phase, String name, double rate, Duration duration)
      throws InterruptedException {
    int clients = run.clients().size();
    long due = (long) (rate * duration.toNanos() / 1e9);
    run.begin(phase, due);
    long start = System.nanoTime();
    run.clients().forEach(client -> client.tell(new Order.Load(rate / clients, duration)));
    Collection<Notice.Done> loaded = run.done(duration.plus(run.limit()));
    long answered = Run.sum(loaded, Notice.Done::done);
    Findings findings = run.findings();
    findings.rate(
        phase == Phase.LOAD ? "rate" : phase.label() + " rate", answered, Run.since(start));
    Histogram latencies = Run.latencies(loaded);
    findings.latencies(name, latencies);
    // Each client sends a whole number of messages.
    findings.expect(
        "every message is answered", answered >= due - clients, "%,d of %,d", answered, due);
    return latencies;
  }
}
