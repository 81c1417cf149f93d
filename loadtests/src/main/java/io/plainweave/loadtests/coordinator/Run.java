package io.plainweave.loadtests.coordinator;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.control.Failure;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import io.plainweave.loadtests.control.Target;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.report.Environment;
import io.plainweave.loadtests.report.Figure;
import io.plainweave.loadtests.report.RunReport;
import io.plainweave.loadtests.server.Protocol;
import io.plainweave.loadtests.start.StartSignal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;

/**
 * One run: starts the processes and takes them through the phases that a scenario asks for, one
 * method each. What a phase finds is in the {@link #findings()} when its method returns.
 *
 * <p>Belongs to the thread that made it. Whatever is thrown, {@link #close()} leaves no process.
 * Every method throws {@link RunFailed} if the run cannot go on: a process died, or a phase took
 * too long.
 */
public final class Run implements Fleet.Observer, AutoCloseable {
  /** Time between two looks for the start signal, which is how far apart generators may start. */
  private static final Duration LOOK = Duration.ofMillis(5);

  private final Layout layout;
  private final OtherMachines others;
  private final Progress progress;
  private final Recorder recorder = new Recorder();
  private final Findings findings = new Findings();
  private final Fleet fleet = new Fleet(this);
  private final Servers servers;
  private final List<ChildProcess> clients = new ArrayList<>();
  private final Map<Failure, String> firstFailures = new EnumMap<>(Failure.class);
  private Map<Failure, Integer> failures = Map.of();
  private Phase phase = Phase.START;
  private List<Target> targets = List.of();
  private List<String> clientOptions = List.of();
  private ServerMemory idle;
  private int ready;
  private long connected;
  private long answeredBefore; // the phase

  /**
   * Makes a run of which no process is started yet.
   *
   * @param server the main class of the servers
   */
  public Run(Layout layout, String server, OtherMachines others, Progress progress) {
    this.layout = layout;
    this.others = others;
    this.progress = progress;
    this.servers = new Servers(fleet, layout, server);
  }

  /** What was found so far. */
  public Findings findings() {
    return findings;
  }

  public Layout layout() {
    return layout;
  }

  /**
   * Starts the processes and measures the idle servers, or looks whether those elsewhere are there;
   * then waits for the start signal if there is to be one.
   */
  public void start(Protocol protocol) throws InterruptedException {
    start(List.of("--protocol=" + protocol));
  }

  /** The same, with servers whose limits of messages and of stalled writes are others. */
  public void start(Protocol protocol, Duration patience) throws InterruptedException {
    start(List.of("--protocol=" + protocol, "--patience=" + patience.toMillis() + "ms"));
  }

  /** The same, with servers that end their connections over a time when they drain. */
  void startForRestart(Duration drainSpread) throws InterruptedException {
    start(
        List.of(
            "--protocol=" + Protocol.MESSAGES, "--drain-spread=" + drainSpread.toMillis() + "ms"));
  }

  /**
   * Starts brokers of MQTT, and clients that subscribe.
   *
   * @param classes those of the sample
   */
  public void startBrokers(Path classes) throws InterruptedException {
    clientOptions = List.of("--dialogue=MQTT");
    servers.setHeap(JavaCommand.BROKER_HEAP);
    start(List.of("--broker=" + classes));
  }

  private void start(List<String> serverOptions) throws InterruptedException {
    begin(Phase.START, layout.servers() + layout.clients());
    if (others.servers().isEmpty()) {
      servers.start(serverOptions, limit());
      targets = servers.targets();
      startClients();
      idle = servers.memory(limit());
    } else {
      targets = Probe.reach(others.servers());
      startClients();
      findings.note(
          "The server was not started by this run: its memory and its drain are not in the report.");
    }
    if (others.start().isPresent()) {
      awaitStart(others.start().get());
    }
  }

  private void awaitStart(Target at) throws InterruptedException {
    try (StartSignal signal = StartSignal.readyAt(at)) {
      while (!signal.isGiven()) {
        if (phase != Phase.WAIT && signal.all() > 0) {
          begin(Phase.WAIT, signal.all());
        }
        ready = signal.here();
        fleet.pause(LOOK);
      }
      ready = signal.here();
      show();
      recorder.restart();
      int all = signal.all();
      findings.figure(Figure.Merge.MAX, RunReport.GENERATORS, all, "", "one of %d", all);
    }
  }

  private void startClients() throws InterruptedException {
    for (int i = 1; i <= layout.clients(); i++) {
      clients.add(
          fleet.start("client " + i, JavaCommand.client(layout.clientShare(), clientOptions)));
    }
    fleet.await(Notice.Ready.class, clients, limit());
  }

  /** Opens the connections; each has a message answered. */
  public void ramp() throws InterruptedException {
    begin(Phase.RAMP, layout.connections());
    long start = System.nanoTime();
    for (int i = 0; i < clients.size(); i++) {
      int first = layout.firstOf(i);
      int count = layout.firstOf(i + 1) - first;
      clients.get(i).tell(new Order.Ramp(first, count, targets, layout.window()));
    }
    Collection<Notice.Done> ramped = done(limit());
    Duration took = since(start);
    connected = sum(ramped, Notice.Done::done);
    findings.count("connected", connected);
    findings.rate("connect rate", connected, took);
    findings.latencies("in the ramp", latencies(ramped));
    findings.expectAll("every connection is opened and answered", connected, layout.connections());
  }

  /** Lets time pass, then measures what the connections take in the run's servers. */
  public void hold(Duration duration) throws InterruptedException {
    begin(Phase.HOLD, layout.connections());
    fleet.pause(duration);
    findings.expectAll("all are open after the hold", recorder.open(), layout.connections());
    if (!servers.running().isEmpty()) {
      ServerMemory held = servers.memory(limit());
      held.tellShares(findings);
      held.tellGrowth(idle, connected, findings);
    }
  }

  /** One more message on every connection. */
  public void sweep() throws InterruptedException {
    begin(Phase.SWEEP, layout.connections());
    long start = System.nanoTime();
    clients.forEach(client -> client.tell(new Order.Sweep(layout.window())));
    Collection<Notice.Done> swept = done(limit());
    Duration took = since(start);
    long answered = sum(swept, Notice.Done::done);
    findings.rate("sweep rate", answered, took);
    findings.latencies("in the sweep", latencies(swept));
    findings.expectAll("every connection answers in the sweep", answered, connected);
  }

  /**
   * Messages that are due at a fixed rate, over all connections.
   *
   * @param rate messages a second in the whole run
   * @return their latencies
   */
  public Histogram load(double rate, Duration duration) throws InterruptedException {
    return new LoadPhase(this).lead(rate, duration);
  }

  /**
   * Ends all connections. The servers of the run end them in their drain; if they are not the
   * run's, the clients half-close and await the end of the server's stream.
   */
  public void drain() throws InterruptedException {
    DrainPhase drain = new DrainPhase(this);
    if (servers.running().isEmpty()) {
      drain.halfClose();
    } else {
      drain.lead();
    }
  }

  /** The run is over; no phase can follow. */
  public void end() {
    progress.end(); // before the processes end, which takes its time too
    recorder.end();
    long errors = recorder.failed();
    findings.count("errors", errors);
    failures.forEach((kind, count) -> findings.count("  " + kind.label(), count));
    findings.expect("no connection fails", errors == 0, "%,d failed", errors);
  }

  /** The run could not be brought to its end; its report says so. */
  public void fail(RunFailed reason) {
    progress.end();
    if (phase == Phase.RAMP) {
      findings.count("connected", recorder.answered());
    }
    findings.expect(
        "the run comes to its end",
        false,
        "in the phase %s: %s",
        phase.label(),
        reason.getMessage());
    end();
  }

  /** The phase that runs or ran last. */
  public Phase phase() {
    return phase;
  }

  /** The first failure of each kind, in words. */
  public Map<Failure, String> firstFailures() {
    return firstFailures;
  }

  /** The options of the JVM that each kind of process has. */
  public Map<String, String> flags() {
    return JavaCommand.flags(layout, servers.heap());
  }

  /** The report of what was found. */
  public RunReport report(String command, Environment environment) {
    return findings.report(command, environment, recorder);
  }

  /** Ends every process that is left. */
  @Override
  public void close() {
    progress.end();
    fleet.close();
  }

  // For the phases that have a class of their own

  Fleet fleet() {
    return fleet;
  }

  Servers servers() {
    return servers;
  }

  List<ChildProcess> clients() {
    return clients;
  }

  /** How many connections the ramp has opened. */
  long connected() {
    return connected;
  }

  /** Messages that have been answered so far. */
  long answered() {
    return recorder.answered();
  }

  /** Connections that have failed so far, by kind, as of the end of the last phase. */
  Map<Failure, Integer> failures() {
    return failures;
  }

  /** Connections that have failed so far. */
  long failed() {
    return recorder.failed();
  }

  List<Target> targets() {
    return targets;
  }

  /** What the servers tell of their connections. */
  Collection<Notice.Count> count() throws InterruptedException {
    servers.tell(new Order.Count());
    return fleet.await(Notice.Count.class, servers.running(), limit()).values();
  }

  /** Waits for the end of a phase in every client. */
  Collection<Notice.Done> done(Duration patience) throws InterruptedException {
    Collection<Notice.Done> done = fleet.await(Notice.Done.class, clients, patience).values();
    failures = failures(done);
    return done;
  }

  /** How long a phase may take: at least 500 connections a second, and time to begin. */
  Duration limit() {
    return Duration.ofSeconds(60).plusMillis(2L * layout.connections());
  }

  void begin(Phase next, long total) {
    begin(next, next.label(), total);
  }

  /** The same with another name in the report. */
  void begin(Phase next, String name, long total) {
    progress.end();
    phase = next;
    recorder.begin(name);
    recorder.resetDone();
    answeredBefore = recorder.answered();
    progress.begin(next, total);
    show();
  }

  @Override
  public void said(ChildProcess child, Notice notice) {
    recorder.said(child, notice);
    switch (notice) {
      case Notice.Listening _, Notice.Ready _ -> ready++;
      case Notice.FirstFailure(Failure kind, String text) -> firstFailures.putIfAbsent(kind, text);
      case Notice.Drained drained -> {
        servers.drained(drained);
        recorder.ended(child);
      }
      case Notice.Progress _, Notice.Sample _, Notice.Paused _ -> {} // the recorder's
      case Notice.Answer _ -> {} // taken by who awaits it
    }
    show();
  }

  @Override
  public void tick() {
    recorder.tick();
    progress.tick();
  }

  private void show() {
    long done =
        switch (phase) {
          case START, WAIT -> ready;
          case HOLD -> recorder.open();
          case RESTART -> servers.replaced();
          case LOAD, SLOW -> recorder.answered() - answeredBefore;
          case RAMP, SWEEP, CHURN, STORM, BROADCAST, DRAIN, CLOSE -> recorder.done();
        };
    progress.update(done, recorder.failed());
  }

  static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  static Histogram latencies(Collection<Notice.Done> clients) {
    Histogram all = new Histogram(3);
    clients.forEach(client -> all.add(client.latencies().histogram()));
    return all;
  }

  private static Map<Failure, Integer> failures(Collection<Notice.Done> clients) {
    Map<Failure, Integer> all = new EnumMap<>(Failure.class);
    clients.forEach(
        client -> client.failures().forEach((kind, count) -> all.merge(kind, count, Integer::sum)));
    return all;
  }

  static <T> long sum(Collection<T> all, ToLongFunction<T> value) {
    return all.stream().mapToLong(value).sum();
  }
}
