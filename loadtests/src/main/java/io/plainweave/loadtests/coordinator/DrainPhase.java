package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.time.Duration;
import java.util.Collection;

/** The servers end, with all connections open. */
public final class DrainPhase {
  /** How much later than a child its coordinator loses patience. */
  private static final Duration GRACE = Duration.ofSeconds(15);

  private final Run run;

  public DrainPhase(Run run) {
    this.run = run;
  }

  /** Leads it while nothing is sent. */
  void lead() throws InterruptedException {
    run.begin(Phase.DRAIN, run.connected());
    run.clients().forEach(client -> client.tell(new Order.ExpectEnd(run.limit())));
    run.fleet().await(Notice.EndExpected.class, run.clients(), GRACE);
    drain();
  }

  /** Ends the connections by the clients instead, where the servers are not the run's. */
  void halfClose() throws InterruptedException {
    run.begin(Phase.CLOSE, run.connected());
    run.clients().forEach(client -> client.tell(new Order.HalfClose(run.layout().window())));
    long ended = Run.sum(run.done(run.limit()), Notice.Done::done);
    run.findings()
        .expectAll(
            "every connection meets the end of its stream after its half-close",
            ended,
            run.connected());
  }

  /**
   * Leads it in the middle of a load.
   *
   * @param rate messages a second in the whole run, until no connection is left
   * @param before how long the load lasts before the servers are told
   */
  public void leadUnderLoad(double rate, Duration before) throws InterruptedException {
    run.begin(Phase.LOAD, (long) (rate * before.toNanos() / 1e9));
    double each = rate / run.clients().size();
    Duration limit = before.plus(run.limit());
    run.clients().forEach(client -> client.tell(new Order.LoadUntilEnd(each, limit)));
    run.fleet().pause(before);
    run.begin(Phase.DRAIN, run.connected());
    Collection<Notice.Done> done = drain();
    Collection<Notice.Answered> messages =
        run.fleet().await(Notice.Answered.class, run.clients(), GRACE).values();
    long unanswered = Run.sum(messages, Notice.Answered::unanswered);
    Findings findings = run.findings();
    findings.count("answered", Run.sum(messages, Notice.Answered::answered));
    findings.figure(
        "not answered",
        unanswered,
        "",
        "%,d messages that met the end instead of a reply, and may be sent again",
        unanswered);
    findings.latencies("at " + Math.round(rate) + "/s", Run.latencies(done));
    long cut = run.failed();
    findings.expect(
        "every message is answered whole, or its connection ends in order without a byte of reply",
        cut == 0,
        "%,d were cut",
        cut);
  }

  private Collection<Notice.Done> drain() throws InterruptedException {
    long start = System.nanoTime();
    run.servers().tell(new Order.Drain(run.limit()));
    Duration patience = run.limit().plus(GRACE);
    Collection<Notice.Drained> drained =
        run.fleet().await(Notice.Drained.class, run.servers().running(), patience).values();
    Duration took = Run.since(start);
    Collection<Notice.Done> done = run.done(patience);
    long ended = Run.sum(done, Notice.Done::done);
    boolean complete = drained.stream().allMatch(Notice.Drained::complete);
    Findings findings = run.findings();
    findings.figure(
        "drain",
        took.toNanos() / 1e9,
        "s",
        "%.2f s%s, %,d clean ends",
        took.toNanos() / 1e9,
        complete ? "" : " and not over",
        ended);
    findings.expect(
        "the servers terminate in the drain", complete, complete ? "all did" : "not all");
    if (run.connected() > 0) {
      findings.expectAll(
          "every connection meets the end of its stream in the drain", ended, run.connected());
    }
    return done;
  }
}
