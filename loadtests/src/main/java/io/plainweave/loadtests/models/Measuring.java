package io.plainweave.loadtests.models;

import io.plainweave.loadtests.cli.RunFailed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One run over all models, and the end of all its processes.
 *
 * <p>Belongs to the thread that calls {@link #run()}; {@link #close()} may come from another.
 */
final class Measuring implements AutoCloseable {
  private final Plan plan;
  private final CompiledModels compiled;
  private final Progress progress;

  /** What has to end with the run, also by a signal to this process; guarded by itself. */
  private final List<AutoCloseable> processes = new ArrayList<>();

  private boolean closed; // guarded by processes
  private final Thread onSignal = new Thread(this::close, "close-models");

  /**
   * A run, which is to be closed whatever becomes of it.
   *
   * @param compiled is closed with it
   */
  Measuring(Plan plan, CompiledModels compiled, Progress progress) {
    this.plan = plan;
    this.compiled = compiled;
    this.progress = progress;
    Runtime.getRuntime().addShutdownHook(onSignal);
  }

  List<ModelResult> run() throws IOException, InterruptedException {
    Clients clients = Clients.start(plan.pinned());
    opened(clients);
    List<ModelResult> results = new ArrayList<>();
    for (Model model : plan.models()) {
      ModelResult result =
          new Sweep(
                  model, plan, compiled, clients, this::opened, point -> progress.add(model, point))
              .run();
      results.add(result);
      progress.add(result);
    }
    return results;
  }

  private void opened(AutoCloseable process) {
    synchronized (processes) {
      processes.add(process);
      if (closed) {
        close();
        throw new RunFailed("interrupted");
      }
    }
  }

  /** Ends every process, and removes what was compiled for them. */
  @Override
  public void close() {
    synchronized (processes) {
      boolean isFirst = !closed;
      closed = true;
      for (AutoCloseable process : processes) {
        try {
          process.close();
        } catch (Exception e) {
          throw new IllegalStateException("a process could not be ended", e);
        }
      }
      processes.clear();
      if (isFirst) {
        compiled.close();
      }
    }
    try {
      Runtime.getRuntime().removeShutdownHook(onSignal);
    } catch (IllegalStateException ignored) {
      // The hook is what runs this.
    }
  }
}
