package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.Home;
import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.coordinator.Progress;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.machine.Footprint;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Limit;
import io.plainweave.loadtests.machine.Limits;
import io.plainweave.loadtests.machine.LimitsTable;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.report.Environment;
import io.plainweave.loadtests.report.ReportFiles;
import io.plainweave.loadtests.report.RunReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * A command that leads a run and reports what came of it.
 *
 * <p>A subclass says how the run is laid out and takes it through its phases; this class prints and
 * writes the report, also of a run that failed in the middle. The exit code is 0 if every
 * expectation held.
 */
abstract class Scenario implements Callable<Integer> {
  /** Messages, or connections that come and go, of a run; their numbers have four bytes. */
  private static final int MOST = 1_000_000_000;

  @Spec CommandSpec spec;
  @Mixin RunOptions options;

  /**
   * Checks the command line and lays the run out.
   *
   * @throws ParameterException if there cannot be such a run
   */
  abstract Layout layout(Machine machine);

  /**
   * What a run needs whose servers are elsewhere; none of it in scenarios that order them about.
   */
  GeneratorOptions generator() {
    return new GeneratorOptions();
  }

  /** Takes the run through its phases and states what is expected. */
  abstract void lead(Run run) throws InterruptedException;

  @Override
  public final Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Machine machine = Machine.read();
    Layout layout =
        layout(options.descriptors() == null ? machine : machine.with(options.descriptors()));
    err.println(layout);
    err.flush();
    RunReport report;
    boolean ended = true;
    Progress progress = new Progress(err, Progress.onTerminal(), System::nanoTime);
    try (Run run = new Run(layout, options.server(), generator().otherMachines(), progress)) {
      try {
        lead(run);
        run.end();
      } catch (RunFailed e) {
        run.fail(e);
        ended = false;
        err.println("The run failed in the phase " + run.phase().label() + ": " + e.getMessage());
        err.println("What it found until then:");
      }
      run.firstFailures().forEach((kind, text) -> err.println(kind.label() + ": " + text));
      err.flush();
      report = run.report(spec.name(), Environment.of(commandLine(), Home.path(), run.flags()));
    }
    out.println(layout);
    report.print(out);
    out.flush();
    boolean written = write(report, err);
    return ended && report.isFine() && written ? 0 : 1;
  }

  /** Lays out so many connections, to the servers that are given or to some of the run's. */
  final Layout layout(int connections, Machine machine) {
    int targets = generator().targets().size();
    return targets > 0
        ? Layout.ofGenerator(connections, targets, machine)
        : Layout.of(connections, machine);
  }

  /**
   * So many connections, if the machine allows them; otherwise prints what is too low.
   *
   * @throws ParameterException if it does not
   */
  final int fitting(int connections, Machine machine) {
    if (connections < 1) {
      throw usage("-n must be at least 1: " + connections);
    }
    Limits limits = limits(machine, connections);
    if (!limits.allow()) {
      new LimitsTable(limits, spec.commandLine().getOut()).printTooLow();
      Limit lowest = limits.lowest();
      throw usage(
          String.format(
              Locale.ROOT,
              "-n %d is more than this machine allows: %,d by %s (%s)",
              connections,
              lowest.allowsRun(),
              lowest.name(),
              lowest.figures()));
    }
    return connections;
  }

  final Limits limits(Machine machine, int wanted) {
    int targets = generator().targets().size();
    return targets > 0
        ? Limits.ofGenerator(machine, wanted, targets)
        : Limits.of(machine, wanted, Footprint.ofLastRun(Home.path().resolve("results")));
  }

  /**
   * Checks what is to happen at a rate: a run in which nothing happens would expect nothing.
   *
   * @throws ParameterException if it is nothing, or more than can be counted
   */
  final void checkRate(double rate, Duration duration) {
    if (!(rate > 0)) {
      throw usage("--rate must be more than 0: " + rate);
    }
    double all = rate * duration.toMillis() / 1_000;
    if (all < 1 || all > MOST) {
      throw usage(
          String.format(
              Locale.ROOT,
              "--rate %s makes %,.0f in %,d ms; it must be 1 to %,d",
              rate,
              Math.floor(all),
              duration.toMillis(),
              MOST));
    }
  }

  final ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private boolean write(RunReport report, PrintWriter err) {
    Path folder = options.out() == null ? newFolder() : options.out();
    try {
      ReportFiles.write(folder, report);
      err.println("report: " + folder.resolve("report.html"));
      if (options.open()) {
        err.println(ReportFiles.open(folder));
      }
      return true;
    } catch (IOException e) {
      err.println("The report is not kept: " + e.getMessage());
      return false;
    } finally {
      err.flush();
    }
  }

  private Path newFolder() {
    String now = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss"));
    return Home.path().resolve("target/reports").resolve(now + "-" + spec.name());
  }

  private String commandLine() {
    ParseResult root = spec.root().commandLine().getParseResult();
    return "loadtests/run " + String.join(" ", root.originalArgs());
  }
}
