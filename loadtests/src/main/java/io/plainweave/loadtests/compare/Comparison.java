package io.plainweave.loadtests.compare;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One run: starts the servers and the client, and has each server do each work in each round.
 *
 * <p>Belongs to the thread that calls {@link #run()}; {@link #close()} may come from another.
 */
final class Comparison implements AutoCloseable {
  private static final Work IDLE_WARM_UP = Work.of("churn");

  private final Plan plan;
  private final ServerCommand command;
  private final Consumer<Sample> observer;
  private final List<String> serverPinning;
  private final List<String> clientPinning;

  /** What has to end with the run, also by a signal to this process; guarded by itself. */
  private final List<AutoCloseable> processes = new ArrayList<>();

  private boolean closed; // guarded by processes
  private final Thread onSignal = new Thread(this::close, "close-comparison");

  private final Map<String, ServerProcess> servers = new LinkedHashMap<>();

  /** Why a server takes no part any more, by name. */
  private final Map<String, String> ends = new LinkedHashMap<>();

  private final List<Sample> samples = new ArrayList<>();
  private ClientProcess client;
  private double peak;

  Comparison(Plan plan, ServerCommand command, Consumer<Sample> observer) {
    this.plan = plan;
    this.command = command;
    this.observer = observer;
    serverPinning = plan.pinned() ? List.of("taskset", "-c", "0") : List.of();
    clientPinning = plan.pinned() ? List.of("taskset", "-c", "1") : List.of();
    Runtime.getRuntime().addShutdownHook(onSignal);
  }

  /**
   * Runs it.
   *
   * @throws RunFailed if there is nothing to compare
   */
  List<Sample> run() throws InterruptedException {
    client =
        opened(
            ClientProcess.start(
                CompareClient.class,
                List.of("--threads", Integer.toString(plan.clientThreads())),
                clientPinning));
    if (!plan.repeated().isEmpty()) {
      startAndWarmUp();
      findPeak();
      for (int round = 1; round <= plan.rounds(); round++) {
        // Each server comes first, and after each other one, in some round.
        List<String> order = new ArrayList<>(plan.servers());
        Collections.rotate(order, 1 - round);
        for (Work work : plan.repeated()) {
          for (String server : order) {
            add(measure(round, work, server));
          }
        }
      }
      servers.values().forEach(ServerProcess::close);
    }
    for (Work work : plan.idle()) {
      for (String server : plan.servers()) {
        add(measureIdle(work, server));
      }
    }
    return samples;
  }

  /** The rate that open loops refer to; 0 if there are none. */
  double peak() {
    return peak;
  }

  private void startAndWarmUp() throws InterruptedException {
    for (String name : plan.servers()) {
      try {
        ServerProcess server = opened(ServerProcess.start(name, command, serverPinning));
        server.awaitListening();
        servers.put(name, server);
      } catch (RunFailed e) {
        ends.put(name, e.getMessage());
      }
    }
    for (ServerProcess server : servers.values()) {
      for (Work work : plan.repeated()) {
        if (work.kind() != Work.Kind.OPEN_LOOP) {
          warmUp(server, work);
        }
      }
      if (plan.hasOpenLoop()) {
        warmUp(server, plan.protocol().peak()); // at a low rate it would take long to be compiled
      }
    }
  }

  private LoadResult warmUp(ServerProcess server, Work work) {
    return execute(order(work, server, 0, 0, plan.warmUp().toMillis()));
  }

  private LoadResult execute(LoadOrder order) {
    return client.execute(order, LoadResult.class);
  }

  private LoadOrder order(
      Work work, ServerProcess server, double rate, long warmUpMillis, long millis) {
    return LoadOrder.of(
        work, server.port(), plan.protocol(), rate, warmUpMillis, millis, server.processes());
  }

  private void findPeak() {
    if (!plan.hasOpenLoop()) {
      return;
    }
    ServerProcess base = servers.get(plan.base());
    if (base == null) {
      throw new RunFailed("the base did not start: " + ends.get(plan.base()));
    }
    Work load = plan.protocol().peak();
    warmUp(base, load);
    LoadResult result = warmUp(base, load);
    if (result.failure() != null) {
      throw new RunFailed("the base has failed in " + load.name() + ": " + result.failure());
    }
    peak = result.messages() / result.seconds();
  }

  private Sample measure(int round, Work work, String name) throws InterruptedException {
    if (ends.containsKey(name)) {
      return Sample.failed(round, work, name, ends.get(name));
    }
    ServerProcess server = servers.get(name);
    if (server.isAlive()) {
      LoadOrder order =
          order(
              work,
              server,
              peak * work.percent() / 100,
              plan.settling().toMillis(),
              plan.time().toMillis());
      LoadResult result = execute(order);
      if (server.isAlive()) {
        return Sample.of(round, work, name, result);
      }
    }
    ends.put(name, server.obituary());
    return Sample.failed(round, work, name, ends.get(name));
  }

  /** Measures the memory on a server that has done nothing but been warmed up. */
  private Sample measureIdle(Work work, String name) throws InterruptedException {
    try (ServerProcess server = opened(ServerProcess.start(name, command, serverPinning))) {
      server.awaitListening();
      warmUp(server, IDLE_WARM_UP);
      ServerMemory before = ServerMemory.of(server);
      LoadResult held = execute(order(work, server, 0, 0, 0));
      if (held.failure() != null) {
        return Sample.failed(1, work, name, server.isAlive() ? held.failure() : server.obituary());
      }
      return Sample.idle(work, name, before, ServerMemory.of(server));
    } catch (RunFailed | IOException e) {
      return Sample.failed(1, work, name, e.getMessage());
    }
  }

  private void add(Sample sample) {
    samples.add(sample);
    observer.accept(sample);
  }

  private <T extends AutoCloseable> T opened(T process) {
    synchronized (processes) {
      processes.add(process);
      if (closed) {
        close();
        throw new RunFailed("interrupted");
      }
    }
    return process;
  }

  /** Ends every process. */
  @Override
  public void close() {
    synchronized (processes) {
      closed = true;
      for (AutoCloseable process : processes) {
        try {
          process.close();
        } catch (Exception e) {
          throw new IllegalStateException("a process could not be ended", e);
        }
      }
      processes.clear();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(onSignal);
    } catch (IllegalStateException ignored) {
      // The hook is what runs this.
    }
  }
}
