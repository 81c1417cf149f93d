package io.plainweave.loadtests;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code million}: how many connections, laid out how, and what came of it. */
@Command(
    name = Million.NAME,
    description = {
      "Starts an echo server, connects to it, has every connection exchange a message, holds them,"
          + " sweeps them with one more message, drains the server, and reports what it cost.",
      "Where a process may not open enough descriptors, servers and clients run in several"
          + " processes. All traffic stays on loopback."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false)
final class Million implements Callable<Integer> {
  static final String NAME = "million";

  @Spec private CommandSpec spec;

  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      description =
          "How many connections. Default: as many as this machine's limits allow within two"
              + " minutes, at most 1,000,000.")
  private Integer connections;

  @Option(
      names = "--hold",
      paramLabel = "DURATION",
      defaultValue = "3s",
      converter = DurationConverter.class,
      description = "How long to hold them, such as 500ms, 5s or 2m. Default: ${DEFAULT-VALUE}.")
  private Duration hold;

  @Option(
      names = "--descriptors",
      hidden = true,
      description = "Counts on so many descriptors a process, instead of asking the system.")
  private Long descriptors;

  @Override
  public Integer call() throws InterruptedException {
    Machine machine = descriptors == null ? Machine.read() : Machine.read().with(descriptors);
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Layout layout =
        Layout.of(connections == null ? decide(machine, out) : check(machine, out), machine);
    err.println(layout);
    err.flush();
    MillionRun run =
        new MillionRun(layout, hold, new Progress(err, Progress.onTerminal(), System::nanoTime));
    Report report;
    try {
      report = run.run();
    } finally {
      run.firstFailures().forEach((kind, text) -> err.println(kind.label() + ": " + text));
      err.flush();
    }
    report.print(out);
    return report.isFine() ? 0 : 1;
  }

  /** As many connections as the machine allows, up to a million; prints what is too low for it. */
  private int decide(Machine machine, PrintWriter out) {
    Limits limits = limits(machine, Limits.MILLION).withTime(machine, hold);
    new LimitsTable(limits, out).printTooLow();
    Limit lowest = limits.lowest();
    if (lowest.allowsRun() < 1) {
      throw new RunFailed(
          "because this machine allows no connection: see " + lowest.name() + " above");
    }
    return (int) Math.min(Limits.MILLION, lowest.allowsRun());
  }

  private int check(Machine machine, PrintWriter out) {
    if (connections < 1) {
      throw usage("-n must be at least 1: " + connections);
    }
    Limits limits = limits(machine, connections);
    if (!limits.allow()) {
      new LimitsTable(limits, out).printTooLow();
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

  private static Limits limits(Machine machine, int wanted) {
    return Limits.of(machine, wanted, Footprint.ofLastRun(Main.home().resolve("results")));
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
