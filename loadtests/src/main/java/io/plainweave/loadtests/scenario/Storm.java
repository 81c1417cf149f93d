package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.coordinator.StormPhase;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.server.Protocol;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code storm}: everyone reconnects at once. */
@Command(
    name = "storm",
    description = {
      "Opens connections, cuts all of them at once with resets, and connects all of them again at"
          + " once, as clients do when a network comes back.",
      "It expects that every one is back within a time and has a message answered, that none is"
          + " refused or reset, and that the server drains afterwards.",
      "It tells how long half, 99 %% and the last took from the cut, and how often the listeners'"
          + " queues were full on this machine meanwhile. A client whose request finds a full queue"
          + " asks again after a second, and then after twice as long each time."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Storm extends Scenario {
  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "10000",
      description = "How many connections. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--within",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationConverter.class,
      description = "In which time all must be back, such as 5s or 1m. Default: ${DEFAULT-VALUE}.")
  private Duration within;

  @Mixin private GeneratorOptions generator;

  @Override
  GeneratorOptions generator() {
    return generator;
  }

  @Override
  Layout layout(Machine machine) {
    return layout(fitting(connections, machine), machine);
  }

  @Override
  void lead(Run run) throws InterruptedException {
    run.start(Protocol.BYTES);
    run.ramp();
    new StormPhase(run).lead(within);
    run.drain();
  }
}
