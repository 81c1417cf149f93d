package io.plainweave.loadtests.models;

import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.compare.ServerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A model that runs, in its process or processes. */
final class ModelServer implements AutoCloseable {
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final Duration MOMENT = Duration.ofSeconds(1);
  private static final int LOOK_MILLIS = 10;

  private final Model model;
  private final ServerProcess process;

  private ModelServer(Model model, ServerProcess process) {
    this.model = model;
    this.process = process;
  }

  /** The command line of a model, but for its class path and its port. */
  private static List<String> command(Model model, Plan plan) {
    List<String> command = new ArrayList<>();
    if (plan.pinned()) {
      command.addAll(List.of(Programs.TASKSET, "-c", "0"));
    }
    if (plan.descriptors() > 0) {
      command.addAll(
          List.of("prlimit", "--nofile=%d:%d".formatted(plan.descriptors(), plan.descriptors())));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(model.flags());
    return command;
  }

  /**
   * Starts a model, which has to be awaited.
   *
   * @throws RunFailed if it cannot be started
   */
  static ModelServer start(Model model, CompiledModels compiled, Plan plan) {
    try {
      int port = ServerProcess.freePort();
      List<String> command = command(model, plan);
      command.addAll(
          List.of("-cp", compiled.classPath(model), model.program(), Integer.toString(port)));
      return new ModelServer(model, ServerProcess.start(model.program(), command, port));
    } catch (IOException e) {
      throw new RunFailed("cannot start " + model.program() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Waits until it listens, all workers of it.
   *
   * @throws RunFailed if it does not
   */
  void awaitListening() throws IOException, InterruptedException {
    long start = System.nanoTime();
    while (queues().size() < model.listeners()) {
      if (!isAlive()) {
        throw new RunFailed(process.obituary());
      }
      if (System.nanoTime() - start > START_NANOS) {
        throw new RunFailed(model.program() + " did not listen within 20 s");
      }
      Thread.sleep(LOOK_MILLIS);
    }
  }

  int port() {
    return process.port();
  }

  /** Whether it still runs after a moment in which it may have ended. */
  boolean survives() throws InterruptedException {
    return !process.awaitEnd(MOMENT);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  ProcessTree processes() {
    return new ProcessTree(process.processes());
  }

  /** How many connections wait in the accept queue of each listening socket. */
  List<Integer> queues() throws IOException {
    return Listeners.queues(port());
  }

  String obituary() throws InterruptedException {
    return process.obituary();
  }

  /** The last line that it said, without the frames of a stack; empty if it said none. */
  String lastWords() {
    return process.lastLines().reversed().stream()
        .filter(line -> !line.isBlank() && !line.startsWith("\t"))
        .findFirst()
        .orElse("");
  }

  @Override
  public void close() {
    process.close();
  }
}
