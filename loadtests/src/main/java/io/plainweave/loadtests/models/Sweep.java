package io.plainweave.loadtests.models;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.compare.ClientProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Leads one model through its measurements: more and more connections, the system calls of a
 * message, its end, and more and more idle connections beside a few busy ones.
 *
 * <p>Belongs to the thread that leads the run.
 */
final class Sweep {
  private static final long MILLIS_UNDER_STRACE = 400;
  private static final long MOST_NANOS_TO_SETTLE = TimeUnit.SECONDS.toNanos(2);
  private static final int LOOK_MILLIS = 20;

  private final Model model;
  private final Plan plan;
  private final CompiledModels compiled;
  private final Clients clients;
  private final Consumer<ModelServer> opened;
  private final Consumer<Point> observer;

  private final List<Point> points = new ArrayList<>();
  private final List<Point> idle = new ArrayList<>();
  private SystemCalls calls;
  private End end;
  private long memory;

  /**
   * A sweep that is to be run once.
   *
   * @param opened receives each server, to end it with the run
   * @param observer receives each measurement
   */
  Sweep(
      Model model,
      Plan plan,
      CompiledModels compiled,
      Clients clients,
      Consumer<ModelServer> opened,
      Consumer<Point> observer) {
    this.model = model;
    this.plan = plan;
    this.compiled = compiled;
    this.clients = clients;
    this.opened = opened;
    this.observer = observer;
  }

  ModelResult run() throws InterruptedException {
    if (model == Model.PROCESS_PER_CONNECTION && !Programs.isInstalled(Programs.SOCKET_ACTIVATE)) {
      return ModelResult.missing(model, "not measured: needs " + Programs.SOCKET_ACTIVATE);
    }
    try {
      try (ModelServer server = start()) {
        connect(server);
        clients.disconnect();
      }
      if (model.holdsIdle() && !plan.idle().isEmpty()) {
        try (ModelServer server = start()) {
          connectIdle(server);
          clients.disconnect();
        }
      }
    } catch (IOException | RunFailed e) { // the others can be measured all the same
      clients.disconnect();
      if (points.isEmpty()) {
        return ModelResult.missing(model, "FAILED: " + e.getMessage());
      }
      add(points, failed(0, e.getMessage()));
    }
    return new ModelResult(model, null, memory, List.copyOf(points), List.copyOf(idle), calls, end);
  }

  private ModelServer start() throws IOException, InterruptedException {
    ModelServer server = ModelServer.start(model, compiled, plan);
    opened.accept(server);
    server.awaitListening();
    int processes = server.processes().count();
    // For the code to be compiled; then as if there had been no connection.
    ClientAnswer answer = open(clients.busy(), server, model.connectionsOfWarmUp());
    warmUp(server, answer.answered());
    clients.disconnect();
    long since = System.nanoTime();
    while (server.processes().count() > processes
        && System.nanoTime() - since < MOST_NANOS_TO_SETTLE) {
      Thread.sleep(LOOK_MILLIS);
    }
    return server;
  }

  private void connect(ModelServer server) throws IOException, InterruptedException {
    memory = server.processes().memory();
    Ends ends = new Ends(model, server, clients, memory);
    NavigableSet<Integer> steps = plan.steps(model);
    NavigableSet<Integer> all = new TreeSet<>(steps);
    int callsAt = Math.min(Plan.BUSY, steps.last());
    all.add(callsAt);
    for (int connections : all) {
      end = points.isEmpty() ? null : ends.beforeOpening(points.getLast(), connections);
      if (end != null) {
        return;
      }
      ClientAnswer answer = open(clients.busy(), server, connections);
      if (answer.failure() != null) {
        end = ends.find(answer);
        return;
      }
      Point point = null;
      if (steps.contains(connections)) {
        point = measure(server, connections, answer, answer.answered(), answer.answered());
        add(points, point);
      }
      boolean isFull = answer.answered() < connections && connections > model.workers();
      if (connections == callsAt || (isFull && calls == null)) {
        calls = count(server, Math.min(answer.answered(), Plan.BUSY));
      }
      if (isFull && point != null) {
        break;
      }
    }
    end = ends.find(points);
  }

  private void connectIdle(ModelServer server) throws IOException, InterruptedException {
    open(clients.busy(), server, Plan.BUSY);
    warmUp(server, Plan.BUSY);
    for (int connections : plan.idle()) {
      ClientAnswer answer = open(clients.further(), server, connections);
      if (answer.answered() < connections) {
        return; // beyond the end, which was looked for before
      }
      add(idle, measure(server, connections, answer, Plan.BUSY, Plan.BUSY + connections));
    }
  }

  /** Measures a point, again if others were at work and it may be repeated. */
  private Point measure(
      ModelServer server, int connections, ClientAnswer answer, int busy, int served)
      throws IOException {
    Point quietest = measureOnce(server, connections, answer, busy, served);
    for (int i = 0; i < plan.repeats() && quietest.others() > Results.NOISE; i++) {
      Point again = measureOnce(server, connections, answer, busy, served);
      quietest = again.others() < quietest.others() ? again : quietest;
    }
    return quietest;
  }

  /**
   * Measures a point.
   *
   * @param answer what came of opening the last connections
   * @param busy on how many connections to make load
   * @param served how many the server serves in all
   */
  private Point measureOnce(
      ModelServer server, int connections, ClientAnswer answer, int busy, int served)
      throws IOException {
    ProcessTree processes = server.processes();
    long used = processes.memory();
    List<Integer> queues = server.queues();
    long before = processes.switches();
    ClientAnswer load = load(busy, processes);
    long switches = processes.switches() - before;
    return new Point(
        connections,
        answer.connected(),
        answer.answered(),
        queues,
        load.failure(),
        load.load(),
        used,
        (double) (used - memory) / Math.max(1, served),
        processes.count(),
        processes.threads(),
        load.exchanged() == 0 ? null : (double) switches / load.exchanged());
  }

  private SystemCalls count(ModelServer server, int connections)
      throws IOException, InterruptedException {
    if (!Programs.isInstalled(Programs.STRACE)) {
      return SystemCalls.failed(connections, "needs strace");
    }
    ProcessTree processes = server.processes();
    long millis = Math.min(MILLIS_UNDER_STRACE, plan.millis(connections));
    return SystemCalls.count(
        compiled.folder(),
        connections,
        processes.processes(),
        () ->
            clients
                .busy()
                .execute(
                    ClientOrder.load(connections, 0, millis, processes.processes()),
                    ClientAnswer.class)
                .exchanged());
  }

  private ClientAnswer open(ClientProcess client, ModelServer server, int connections) {
    return client.execute(
        ClientOrder.open(server.port(), connections, model.mostInFlight(), model.patienceMillis()),
        ClientAnswer.class);
  }

  private ClientAnswer load(int connections, ProcessTree processes) {
    return clients
        .busy()
        .execute(
            ClientOrder.load(
                connections,
                plan.warmUpMillis(connections),
                plan.millis(connections),
                processes.processes()),
            ClientAnswer.class);
  }

  /** Has the code compiled; what comes of it is measured by nobody. */
  private void warmUp(ModelServer server, int connections) {
    ClientOrder order =
        ClientOrder.load(
            connections, 2 * plan.warmUpMillis(connections), 1, server.processes().processes());
    clients.busy().execute(order, ClientAnswer.class);
  }

  private static Point failed(int connections, String why) {
    return new Point(connections, 0, 0, List.of(), why, null, 0, 0, 0, 0, null);
  }

  private void add(List<Point> to, Point point) {
    to.add(point);
    observer.accept(point);
  }
}
