package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.RollingRestart;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import java.time.Duration;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code restart}: every server is replaced under load, and nobody is to notice. */
@Command(
    name = "restart",
    description = {
      "Replaces every server under load, one after another: a new process listens on the same port"
          + " (SO_REUSEPORT), then the old one drains and ends.",
      "Messages are sent at a fixed rate, one in ten over a connection of its own. A connection"
          + " whose stream ends is opened again; a message on it without a byte of an answer was"
          + " not processed, and is sent again.",
      "Expects that no connection is refused or reset, that every message is answered, and that"
          + " none is processed twice. Tells how many messages were sent again, how long each"
          + " server took to drain, and the latencies before and in the restart."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Restart extends Scenario {
  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "2000",
      description = "How many connections. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "2000",
      description = "Messages a second, over all connections. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--before",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationConverter.class,
      description =
          "For how long the load lasts before the first restart, to compare with. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration before;

  private OptionalLong migrates = OptionalLong.empty();

  @Override
  Layout layout(Machine machine) {
    if (!(rate > 0)) {
      throw usage("--rate must be more than 0: " + rate);
    }
    migrates = machine.sysctl(Machine.TCP_MIGRATE_REQ);
    return Layout.ofRestart(fitting(connections, machine), machine);
  }

  @Override
  void lead(Run run) throws InterruptedException {
    if (migrates.isPresent() && migrates.getAsLong() == 0) {
      run.findings()
          .note(
              "net.ipv4.tcp_migrate_req is 0: the kernel resets a connection that reaches the"
                  + " backlog of a listener in the moment in which that closes. Since Linux 5.14"
                  + " it hands it to another listener of the port after:"
                  + " sysctl -w net.ipv4.tcp_migrate_req=1");
    }
    new RollingRestart(run, rate).lead(before);
  }
}
