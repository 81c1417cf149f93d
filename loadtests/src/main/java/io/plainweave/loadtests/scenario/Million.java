package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Limit;
import io.plainweave.loadtests.machine.Limits;
import io.plainweave.loadtests.machine.LimitsTable;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.server.Protocol;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code million}: how many connections, laid out how, and what came of it. */
@Command(
    name = Million.NAME,
    description = {
      "Starts an echo server, connects to it, has every connection exchange a message, holds them,"
          + " sweeps them with one more message, drains the server, and reports what it cost.",
      "Where a process may not open enough descriptors, servers and clients run in several"
          + " processes. All traffic stays on loopback, unless there is a `--target`."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Million extends Scenario {
  public static final String NAME = "million";

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

  @Mixin private GeneratorOptions generator;

  @Override
  GeneratorOptions generator() {
    return generator;
  }

  @Override
  Layout layout(Machine machine) {
    return layout(connections == null ? most(machine) : fitting(connections, machine), machine);
  }

  @Override
  void lead(Run run) throws InterruptedException {
    run.start(Protocol.BYTES);
    run.ramp();
    run.hold(hold);
    run.sweep();
    run.drain();
  }

  /** As many connections as the machine allows, up to a million; prints what is too low for it. */
  private int most(Machine machine) {
    Limits limits = limits(machine, Limits.MILLION).withTime(machine, hold);
    new LimitsTable(limits, spec.commandLine().getOut()).printTooLow();
    Limit lowest = limits.lowest();
    if (lowest.allowsRun() < 1) {
      throw new RunFailed(
          "because this machine allows no connection: see " + lowest.name() + " above");
    }
    return (int) Math.min(Limits.MILLION, lowest.allowsRun());
  }
}
