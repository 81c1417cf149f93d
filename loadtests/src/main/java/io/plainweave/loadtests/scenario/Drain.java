package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.DrainPhase;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.server.Protocol;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code drain}: the server shuts down in the middle of a load. */
@Command(
    name = "drain",
    description = {
      "Sends messages at a fixed rate over many connections, and tells the server to shut down in"
          + " the middle of it.",
      "It expects that every reply is whole: a message is answered, or its connection ends in order"
          + " without a byte of reply, so that a client may send it again elsewhere. It expects no"
          + " reset, and that the server terminates.",
      "It tells how long the drain took, and how many messages met the end instead of a reply."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Drain extends Scenario {
  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "5000",
      description = "How many connections. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "5000",
      description = "Messages a second, over all connections. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--after",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationConverter.class,
      description =
          "For how long messages are sent before the server is told, such as 500ms or 1m. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration after;

  @Override
  Layout layout(Machine machine) {
    checkRate(rate, after);
    return Layout.of(fitting(connections, machine), machine);
  }

  @Override
  void lead(Run run) throws InterruptedException {
    run.start(Protocol.MESSAGES);
    run.ramp();
    new DrainPhase(run).leadUnderLoad(rate, after);
  }
}
