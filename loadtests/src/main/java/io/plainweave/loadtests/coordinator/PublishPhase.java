package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.time.Duration;
import java.util.Collection;

/** Each broker publishes one message to all of its subscribers. */
public final class PublishPhase {
  private final Run run;

  public PublishPhase(Run run) {
    this.run = run;
  }

  public void lead() throws InterruptedException {
    run.begin(Phase.BROADCAST, run.connected());
    run.clients().forEach(client -> client.tell(new Order.ExpectPublish(run.limit())));
    run.fleet().await(Notice.PublishExpected.class, run.clients(), run.limit());
    long start = System.nanoTime();
    run.servers().tell(new Order.Publish());
    run.fleet().await(Notice.Published.class, run.servers().running(), run.limit());
    Collection<Notice.Done> done = run.done(run.limit());
    Duration took = Run.since(start);
    long received = Run.sum(done, Notice.Done::done);
    Findings findings = run.findings();
    findings.rate("delivered", received, took);
    findings.latencies("until one had it", Run.latencies(done));
    findings.expectAll(
        "every subscriber gets the message, whole and once", received, run.connected());
  }
}
