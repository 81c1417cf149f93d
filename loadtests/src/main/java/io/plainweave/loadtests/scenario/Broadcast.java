package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.BroadcastPhase;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.server.Protocol;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code broadcast}: one message to everyone. */
@Command(
    name = "broadcast",
    description = {
      "Opens connections, one of which sends messages at a fixed rate. The server sends each to"
          + " everyone, by the toolkit's Group and Outbox.",
      "It expects that everyone gets every message, whole and in order.",
      "It tells how long a message takes to one of them and to the last of them, from when it was"
          + " due to be sent. Who is 1,000 messages behind is disconnected, and the run fails."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Broadcast extends Scenario {
  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "1000",
      description = "How many connections, all to one server. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "20",
      description = "Messages a second, each to N connections. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description = "For how long, such as 30s or 2m. Default: ${DEFAULT-VALUE}.")
  private Duration duration;

  @Override
  Layout layout(Machine machine) {
    checkRate(rate, duration);
    Layout layout = Layout.of(fitting(connections, machine), machine);
    if (layout.servers() > 1) {
      throw usage(
          "-n "
              + connections
              + " is more than one server can hold: "
              + layout.serverCapacity()
              + "; a message goes to those of one server");
    }
    return layout;
  }

  @Override
  void lead(Run run) throws InterruptedException {
    run.start(Protocol.BROADCAST);
    run.ramp();
    new BroadcastPhase(run).lead(rate, duration);
    run.drain();
  }
}
