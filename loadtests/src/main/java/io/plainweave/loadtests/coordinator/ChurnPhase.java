package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.time.Duration;
import java.util.Collection;

/** Connections that come at a fixed rate, exchange a message and go. */
public final class ChurnPhase {
  private static final Duration LAST_ENDS = Duration.ofSeconds(5);

  private final Run run;

  public ChurnPhase(Run run) {
    this.run = run;
  }

  /**
   * Leads it; the clients keep to the connections of the layout at a time.
   *
   * @param rate connections a second in the whole run
   */
  public void lead(double rate, Duration duration) throws InterruptedException {
    int clients = run.clients().size();
    int each = (int) (rate / clients * duration.toNanos() / 1e9);
    run.begin(Phase.CHURN, (long) each * clients);
    long start = System.nanoTime();
    for (int i = 0; i < clients; i++) {
      int most = run.layout().firstOf(i + 1) - run.layout().firstOf(i);
      run.clients()
          .get(i)
          .tell(new Order.Churn(i * each, each, most, rate / clients, run.targets()));
    }
    Collection<Notice.Done> done = run.done(duration.plus(run.limit()));
    Duration took = Run.since(start);
    long ended = Run.sum(done, Notice.Done::done);
    Findings findings = run.findings();
    findings.count("connections", ended);
    findings.rate("churn rate", ended, took);
    findings.latencies("connect and answer", Run.latencies(done));
    findings.expectAll(
        "every connection is answered and ended in order", ended, (long) each * clients);
    if (!run.servers().running().isEmpty()) {
      long open = openAtServers();
      findings.expect("no connection is left open at the servers", open == 0, "%,d open", open);
    }
  }

  /** How many are open at the servers, which may need a moment for the last ones. */
  private long openAtServers() throws InterruptedException {
    long deadline = System.nanoTime() + LAST_ENDS.toNanos();
    long open;
    while ((open = Run.sum(run.count(), Notice.Count::open)) > 0
        && System.nanoTime() - deadline < 0) {
      run.fleet().pause(Duration.ofMillis(50));
    }
    return open;
  }
}
