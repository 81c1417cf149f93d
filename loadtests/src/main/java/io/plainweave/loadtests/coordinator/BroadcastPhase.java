package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.time.Duration;
import java.util.Collection;
import org.HdrHistogram.Histogram;

/** One connection sends messages, and everyone gets them. */
public final class BroadcastPhase {
  /** Until the first message: all clients are to know of it by then. */
  private static final Duration NOTICE = Duration.ofMillis(500);

  private static final int SENDER = 0;

  private final Run run;

  public BroadcastPhase(Run run) {
    this.run = run;
  }

  /**
   * Leads it.
   *
   * @param rate messages a second that are sent
   */
  public void lead(double rate, Duration duration) throws InterruptedException {
    int messages = (int) Math.max(1, rate * duration.toNanos() / 1e9);
    long all = messages * run.connected();
    run.begin(Phase.BROADCAST, all);
    long start = System.nanoTime() + NOTICE.toNanos();
    Order order = new Order.Broadcast(SENDER, start, rate, messages);
    run.clients().forEach(client -> client.tell(order));
    Duration patience = duration.plus(run.limit());
    Collection<Notice.Done> done = run.done(patience);
    Duration took = Run.since(start);
    Collection<Notice.Lasts> lasts =
        run.fleet().await(Notice.Lasts.class, run.clients(), patience).values();
    long receipts = Run.sum(done, Notice.Done::done);
    Findings findings = run.findings();
    findings.count("messages sent", messages);
    findings.rate("delivered", receipts, took);
    findings.latencies("until one had it", Run.latencies(done));
    findings.latencies("until the last had it", untilTheLast(lasts, messages));
    findings.expectAll("everyone gets every message, whole and in order", receipts, all);
  }

  private static Histogram untilTheLast(Collection<Notice.Lasts> clients, int messages) {
    Histogram all = new Histogram(3);
    for (int i = 0; i < messages; i++) {
      int message = i;
      all.recordValue(
          clients.stream().mapToLong(it -> it.nanos().get(message)).max().orElseThrow());
    }
    return all;
  }
}
