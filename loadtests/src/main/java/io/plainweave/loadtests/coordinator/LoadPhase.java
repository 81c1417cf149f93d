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
   * What came of messages.
   *
   * @param due how many had to be sent
   * @param answered how many were answered
   */
  record Loaded(long due, long answered, Histogram latencies) {}

  /**
   * Leads it.
   *
   * @param rate messages a second in the whole run
   * @return the latencies
   */
  Histogram lead(double rate, Duration duration) throws InterruptedException {
    run.begin(Phase.LOAD, messages(rate, duration));
    long start = System.nanoTime();
    Loaded loaded = load(rate, duration);
    Findings findings = run.findings();
    findings.rate("rate", loaded.answered(), Run.since(start));
    findings.latencies("at " + Math.round(rate) + "/s", loaded.latencies());
    findings.expectAll("every message is answered", loaded.answered(), loaded.due());
    return loaded.latencies();
  }

  /** How many become due in a time. */
  static long messages(double rate, Duration duration) {
    return (long) (rate * duration.toNanos() / 1e9);
  }

  /** Sends messages and waits for their answers, in whatever phase the run is. */
  Loaded load(double rate, Duration duration) throws InterruptedException {
    int clients = run.clients().size();
    Order.Load order = new Order.Load(rate / clients, duration);
    run.clients().forEach(client -> client.tell(order));
    Collection<Notice.Done> loaded = run.done(duration.plus(run.limit()));
    return new Loaded(
        order.messages() * clients, Run.sum(loaded, Notice.Done::done), Run.latencies(loaded));
  }
}
