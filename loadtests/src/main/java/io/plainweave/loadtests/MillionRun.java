package io.plainweave.loadtests;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * One run of {@code million}: starts the processes and leads them through the phases.
 *
 * <p>Belongs to the thread that calls {@link #run()}.
 */
final class MillionRun implements Fleet.Observer {
  /** How much later than a child its coordinator loses patience. */
  private static final Duration GRACE = Duration.ofSeconds(15);

  private final Layout layout;
  private final Duration hold;
  private final Progress progress;
  private final List<ChildProcess> servers = new ArrayList<>();
  private final List<ChildProcess> clients = new ArrayList<>();
  private final Map<ChildProcess, Notice.Progress> clientProgress = new HashMap<>();
  private final Map<Failure, String> firstFailures = new EnumMap<>(Failure.class);
  private Phase phase = Phase.START;
  private int ready;

  MillionRun(Layout layout, Duration hold, Progress progress) {
    this.layout = layout;
    this.hold = hold;
    this.progress = progress;
  }

  /**
   * Runs it; when this returns, normally or not, no process is left.
   *
   * @throws RunFailed if the run could not be brought to its end
   */
  Report run() throws InterruptedException {
    try (Fleet fleet = new Fleet(this)) {
      return lead(fleet);
    } catch (RunFailed e) {
      throw new RunFailed("in the phase " + phase.label() + ": " + e.getMessage(), e);
    } finally {
      progress.end();
    }
  }

  /** The first failure of each kind, in words. */
  Map<Failure, String> firstFailures() {
    return firstFailures;
  }

  private Report lead(Fleet fleet) throws InterruptedException {
    begin(Phase.START, layout.servers() + layout.clients());
    int port = start(fleet);
    Collection<Notice.Memory> idle = measure(fleet);
    OptionalLong idleKernel = Machine.slabs();

    begin(Phase.RAMP, layout.connections());
    long rampStart = System.nanoTime();
    for (int i = 0; i < clients.size(); i++) {
      int first = layout.firstOf(i);
      int count = layout.firstOf(i + 1) - first;
      clients
          .get(i)
          .tell(new Order.Ramp(first, count, port, layout.destinations(), layout.window()));
    }
    Collection<Notice.Done> ramped = fleet.await(Notice.Done.class, clients, limit()).values();
    Duration rampTime = since(rampStart);

    begin(Phase.HOLD, layout.connections());
    fleet.pause(hold);
    OptionalLong heldKernel = Machine.slabs();
    Collection<Notice.Memory> held = measure(fleet);

    begin(Phase.SWEEP, layout.connections());
    long sweepStart = System.nanoTime();
    clients.forEach(client -> client.tell(new Order.Sweep(layout.window())));
    Collection<Notice.Done> swept = fleet.await(Notice.Done.class, clients, limit()).values();
    Duration sweepTime = since(sweepStart);

    begin(Phase.DRAIN, layout.connections());
    clients.forEach(client -> client.tell(new Order.ExpectEnd(limit())));
    fleet.await(Notice.EndExpected.class, clients, GRACE);
    long drainStart = System.nanoTime();
    servers.forEach(server -> server.tell(new Order.Drain(limit())));
    Duration patience = limit().plus(GRACE);
    Collection<Notice.Drained> drained =
        fleet.await(Notice.Drained.class, servers, patience).values();
    Duration drainTime = since(drainStart);
    Collection<Notice.Done> ended = fleet.await(Notice.Done.class, clients, patience).values();
    progress.end(); // before the processes end, which takes its time too

    return new Report(
        layout,
        connections(ramped),
        rampTime,
        latencies(ramped),
        connections(swept),
        sweepTime,
        latencies(swept),
        sum(held, Notice.Memory::heap) - sum(idle, Notice.Memory::heap),
        growth(idle, held),
        idleKernel.isPresent() && heldKernel.isPresent()
            ? OptionalLong.of(heldKernel.getAsLong() - idleKernel.getAsLong())
            : OptionalLong.empty(),
        connections(ended),
        drainTime,
        drained.stream().allMatch(Notice.Drained::complete),
        failures(ended));
  }

  /** Starts the processes; gives the port that the servers share. */
  private int start(Fleet fleet) throws InterruptedException {
    // The first server picks a free port; all the others must listen on it before the first
    // connect, for only then does the kernel spread the connections evenly.
    servers.add(startServer(fleet, 1, 0));
    int port = fleet.await(Notice.Listening.class, servers, limit()).get(servers.getFirst()).port();
    for (int i = 2; i <= layout.servers(); i++) {
      servers.add(startServer(fleet, i, port));
    }
    int share = Math.ceilDiv(layout.connections(), layout.clients());
    for (int i = 1; i <= layout.clients(); i++) {
      clients.add(fleet.start("client " + i, JavaCommand.client(share)));
    }
    fleet.await(Notice.Listening.class, servers.subList(1, servers.size()), limit());
    fleet.await(Notice.Ready.class, clients, limit());
    return port;
  }

  private ChildProcess startServer(Fleet fleet, int number, int port) {
    return fleet.start("server " + number, JavaCommand.server(layout.serverShare(), port));
  }

  private Collection<Notice.Memory> measure(Fleet fleet) throws InterruptedException {
    servers.forEach(server -> server.tell(new Order.Measure()));
    return fleet.await(Notice.Memory.class, servers, limit()).values();
  }

  /** How long a phase may take: at least a thousand connections a second, and time to begin. */
  private Duration limit() {
    return Duration.ofSeconds(60).plusMillis(layout.connections());
  }

  private void begin(Phase next, int total) {
    progress.end();
    phase = next;
    clientProgress.replaceAll((_, last) -> new Notice.Progress(0, last.open(), last.failed()));
    progress.begin(next, total);
    show();
  }

  @Override
  public void said(ChildProcess child, Notice notice) {
    switch (notice) {
      case Notice.Listening _, Notice.Ready _ -> ready++;
      case Notice.Progress now -> clientProgress.put(child, now);
      case Notice.FirstFailure(Failure kind, String text) -> firstFailures.putIfAbsent(kind, text);
      case Notice.Answer _ -> {} // taken by who awaits it
    }
    show();
  }

  @Override
  public void tick() {
    progress.tick();
  }

  private void show() {
    long done =
        switch (phase) {
          case START -> ready;
          case HOLD -> sum(clientProgress.values(), Notice.Progress::open);
          case RAMP, SWEEP, DRAIN -> sum(clientProgress.values(), Notice.Progress::done);
        };
    progress.update(done, sum(clientProgress.values(), Notice.Progress::failed));
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private static int connections(Collection<Notice.Done> clients) {
    return (int) sum(clients, Notice.Done::done);
  }

  private static Histogram latencies(Collection<Notice.Done> clients) {
    Histogram all = new Histogram(3);
    clients.forEach(client -> all.add(client.latencies()));
    return all;
  }

  private static Map<Failure, Integer> failures(Collection<Notice.Done> clients) {
    Map<Failure, Integer> all = new EnumMap<>(Failure.class);
    clients.forEach(
        client -> client.failures().forEach((kind, count) -> all.merge(kind, count, Integer::sum)));
    return all;
  }

  private static OptionalLong growth(
      Collection<Notice.Memory> before, Collection<Notice.Memory> after) {
    return Stream.concat(before.stream(), after.stream()).allMatch(it -> it.rss().isPresent())
        ? OptionalLong.of(
            sum(after, it -> it.rss().getAsLong()) - sum(before, it -> it.rss().getAsLong()))
        : OptionalLong.empty();
  }

  private static <T> long sum(Collection<T> all, ToLongFunction<T> value) {
    return all.stream().mapToLong(value).sum();
  }
}
