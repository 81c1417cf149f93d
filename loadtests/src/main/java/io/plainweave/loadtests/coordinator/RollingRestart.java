package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.client.Message;
import io.plainweave.loadtests.control.Failure;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * Replaces the servers of a run under load: for each of them a new one is started on the same port,
 * and when that listens, the old one drains and ends.
 *
 * <p>Belongs to the thread of its run.
 */
public final class RollingRestart {
  /** Connections a second that a draining server ends, so that all can come back as fast. */
  private static final int ENDS_PER_SECOND = 5_000;

  /** How much later than a child its coordinator loses patience. */
  private static final Duration GRACE = Duration.ofSeconds(15);

  /** What the load goes on for when the last old server has ended. */
  private static final Duration AFTER = Duration.ofSeconds(1);

  /** More connections than a client opens in a run. */
  private static final int NUMBERS = 5_000_000;

  private final Run run;
  private final Findings findings;
  private final double rate;
  private int loads; // so far, each with connections of its own numbers

  /**
   * Does nothing yet.
   *
   * @param rate messages a second in the whole run
   */
  public RollingRestart(Run run, double rate) {
    this.run = run;
    this.findings = run.findings();
    this.rate = rate;
  }

  /**
   * Leads the whole run.
   *
   * @param before for how long the load lasts before the first restart, to compare with
   */
  public void lead(Duration before) throws InterruptedException {
    run.startForRestart(drainSpread());
    run.ramp();
    loadBefore(before);
    replaceAll();
    run.drain();
    compareAnswers();
  }

  private Duration drainSpread() {
    return Duration.ofMillis(500 + 1000L * run.layout().serverShare() / ENDS_PER_SECOND);
  }

  private void loadBefore(Duration duration) throws InterruptedException {
    run.begin(Phase.LOAD, "load", (long) (rate * duration.toNanos() / 1e9));
    long start = System.nanoTime();
    beginLoad();
    run.fleet().pause(duration);
    Loaded loaded = endLoad();
    findings.rate("rate before", loaded.answered(), Run.since(start));
    findings.latencies("before", Run.latencies(loaded.done()));
    findings.expectAll(
        "every message is answered before the restart", loaded.answered(), loaded.due());
  }

  private void replaceAll() throws InterruptedException {
    long start = System.nanoTime();
    beginLoad();
    Servers servers = run.servers();
    for (ChildProcess old : List.copyOf(servers.running())) {
      String name = "restart " + (servers.replaced() + 1);
      run.begin(Phase.RESTART, name, servers.running().size());
      replace(old);
    }
    run.fleet().pause(AFTER);
    Loaded loaded = endLoad();
    findings.rate("rate", loaded.answered(), Run.since(start));
    findings.latencies("in the restart", Run.latencies(loaded.done()));
    findings.count("connections moved", loaded.moved(Notice.Moved::reconnected));
    findings.count("connections for one message", loaded.moved(Notice.Moved::opened));
    long again = loaded.moved(Notice.Moved::sentAgain);
    findings.figure(
        "messages sent again",
        again,
        "",
        "%,d of %,d (%.3f %%)",
        again,
        loaded.due(),
        100.0 * again / Math.max(1, loaded.due()));
    Map<Failure, Integer> failures = run.failures();
    long refused = count(failures, Failure.REFUSED, Failure.NOT_CONNECTED);
    findings.expect("no connection is refused", refused == 0, "%,d refused", refused);
    long reset = count(failures, Failure.RESET);
    findings.expect("no connection is reset", reset == 0, "%,d reset", reset);
    findings.expectAll("every message is answered in the restart", loaded.answered(), loaded.due());
  }

  /** Compares both ends, when all servers have drained. */
  private void compareAnswers() {
    long read = run.servers().received() / Message.BYTES;
    long answered = run.answered();
    findings.expect(
        "no message is processed without an answer, or twice",
        read == answered,
        "%,d processed, %,d answered",
        read,
        answered);
  }

  private void replace(ChildProcess old) throws InterruptedException {
    long start = System.nanoTime();
    ChildProcess next = run.servers().startNext(run.limit());
    double ready = Run.since(start).toNanos() / 1e9;
    old.tell(new Order.Count());
    int open = run.fleet().await(Notice.Count.class, List.of(old), run.limit()).get(old).open();
    old.tell(new Order.Drain(run.limit()));
    Duration patience = run.limit().plus(GRACE);
    Notice.Drained drained =
        run.fleet().await(Notice.Drained.class, List.of(old), patience).get(old);
    run.fleet().end(old, patience);
    run.servers().replace(old, next);
    double took = drained.took().toNanos() / 1e9;
    findings.figure(
        old.name(),
        took,
        "s",
        "drained in %.2f s with %,d connections; %s listened after %.2f s",
        took,
        open,
        next.name(),
        ready);
    findings.expect(
        old.name() + " terminates in its drain",
        drained.complete(),
        drained.complete() ? "it did" : "it did not");
  }

  private void beginLoad() {
    List<ChildProcess> clients = run.clients();
    for (int i = 0; i < clients.size(); i++) {
      int firstNew = run.layout().connections() + (loads * clients.size() + i) * NUMBERS;
      double share = rate / clients.size();
      clients.get(i).tell(new Order.LoadAcrossRestarts(share, firstNew, run.targets()));
    }
    loads++;
  }

  private Loaded endLoad() throws InterruptedException {
    run.clients().forEach(client -> client.tell(new Order.EndLoad()));
    Collection<Notice.Done> done = run.done(run.limit());
    return new Loaded(
        run.fleet().await(Notice.Moved.class, run.clients(), run.limit()).values(), done);
  }

  private static long count(Map<Failure, Integer> failures, Failure... kinds) {
    long all = 0;
    for (Failure kind : kinds) {
      all += failures.getOrDefault(kind, 0);
    }
    return all;
  }

  /** What the clients tell of a load. */
  private record Loaded(Collection<Notice.Moved> moved, Collection<Notice.Done> done) {
    long moved(ToLongFunction<Notice.Moved> value) {
      return moved.stream().mapToLong(value).sum();
    }

    long due() {
      return moved(Notice.Moved::due);
    }

    long answered() {
      return done.stream().mapToLong(Notice.Done::done).sum();
    }
  }
}
