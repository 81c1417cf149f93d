package io.plainweave.loadtests.models;

import io.plainweave.loadtests.cli.Home;
import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.compare.Json;
import io.plainweave.loadtests.report.Environment;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code models}: what each server model of the textbooks costs, and where it ends. */
@Command(
    name = Models.NAME,
    description = {
      "Measures the textbooks' server models in samples/models, an echo each: rate, latency,"
          + " processor time, memory, processes, threads, context switches and system calls over"
          + " the number of connections; the same beside idle connections; and where each model"
          + " ends.",
      "Models: " + Models.ALL + "."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Models implements Callable<Integer> {
  static final String NAME = "models";
  static final String ALL =
      "OneAtATime, ProcessPerConnection, Prefork, ThreadPerConnection, ThreadPool, SelectLoop,"
          + " EpollLoop, VirtualThreadPerConnection, Plainweave";

  /** What a process may hold at a descriptor limit of 20,000, with some kept for itself. */
  private static final int MOST_CONNECTIONS = 19_000;

  private static final int LEAST_CORES = 2;
  private static final int MOST_REPEATS = 100;
  private static final int LEAST_DESCRIPTORS = 200;
  private static final double LEAST_SECONDS = 0.05;
  private static final double MOST_SECONDS = 600;

  @Spec private CommandSpec spec;

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "NAME",
      description = "The models. Default: all.")
  private List<String> names = List.of(ALL.split(", "));

  @Option(
      names = "--connections",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,10,100,1000,10000",
      description =
          "With how many busy connections to measure a model, if it serves so many. Default:"
              + " ${DEFAULT-VALUE}.")
  private List<Integer> connections;

  @Option(
      names = "--idle",
      split = ",",
      paramLabel = "N",
      defaultValue = "0,1000,5000,15000",
      description =
          "With how many idle connections beside 50 busy ones, for models that hold them. Default:"
              + " ${DEFAULT-VALUE}.")
  private List<Integer> idle;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "1",
      description = "For how long each is measured. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "How often to measure again while other processes take over 0.1 of a core; the quietest"
              + " counts. Default: ${DEFAULT-VALUE}.")
  private int repeats;

  @Option(
      names = "--unpinned",
      description = "Nothing pinned to a core; so it is where there is one core or no taskset.")
  private boolean unpinned;

  @Option(
      names = "--descriptors",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "How many descriptors a server may open, to meet that end sooner. Default: as many as it"
              + " may by itself.")
  private int descriptors;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes all figures.")
  private Path json;

  @Option(names = "--report", paramLabel = "FILE", description = "Writes a page to look at.")
  private Path page;

  Models() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    Plan plan = plan();
    if (!Files.isDirectory(Path.of("/proc/self/task"))) {
      throw new RunFailed("because what a model takes is read from /proc, which only Linux has");
    }
    String commandLine =
        "loadtests/run "
            + String.join(" ", spec.commandLine().getParent().getParseResult().originalArgs());
    Map<String, String> flags = new LinkedHashMap<>();
    plan.models().forEach(it -> flags.put(it.program(), String.join(" ", it.flags())));
    Environment environment = Environment.of(commandLine, Home.path(), flags);
    Progress progress = new Progress(plan, spec.commandLine().getErr());
    progress.begin();
    Results results;
    Path sources = Home.path().resolveSibling("samples").resolve("models");
    CompiledModels compiled = CompiledModels.compile(sources, plan.models());
    try (Measuring measuring = new Measuring(plan, compiled, progress)) {
      results = new Results(environment, plan, measuring.run());
    }
    PrintWriter out = spec.commandLine().getOut();
    results.print(out);
    if (json != null) {
      Json.write(json, results);
    }
    if (page != null) {
      Page.write(page, results);
    }
    return results.isFine() ? 0 : 1;
  }

  private Plan plan() {
    List<Model> models = new ArrayList<>();
    for (String name : names) {
      models.add(
          Model.of(name).orElseThrow(() -> usage("there is no model '" + name + "': " + ALL)));
    }
    if (new HashSet<>(models).size() < models.size()) {
      throw usage("a model is named twice: " + String.join(",", names));
    }
    checkCounts("--connections", connections, 1);
    checkCounts("--idle", idle, 0);
    if (!(seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS)) {
      throw usage("--seconds must be from 0.05 to 600: " + seconds);
    }
    if (repeats < 0 || repeats > MOST_REPEATS) {
      throw usage("--repeats must be from 0 to 100: " + repeats);
    }
    if (descriptors != 0 && descriptors < LEAST_DESCRIPTORS) {
      throw usage("--descriptors must be at least 200: " + descriptors);
    }
    boolean pinned =
        !unpinned
            && Runtime.getRuntime().availableProcessors() >= LEAST_CORES
            && Programs.isInstalled(Programs.TASKSET);
    return new Plan(models, connections, idle, seconds, repeats, pinned, descriptors);
  }

  private void checkCounts(String option, List<Integer> counts, int least) {
    int last = least - 1;
    for (int count : counts) {
      if (count < least || count > MOST_CONNECTIONS) {
        throw usage(
            "%s must be from %d to %,d: %d".formatted(option, least, MOST_CONNECTIONS, count));
      }
      if (count <= last) {
        throw usage("%s must ascend: %d after %d".formatted(option, count, last));
      }
      last = count;
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
