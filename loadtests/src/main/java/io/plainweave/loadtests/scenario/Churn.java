package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.ChurnPhase;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.server.Protocol;
import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code churn}: connections that come and go. */
@Command(
    name = "churn",
    description = {
      "Opens connections at a fixed rate, whatever the server does. Each sends one message, and is"
          + " ended when it has the answer.",
      "It expects that every one is answered and ended in order, that none is refused or reset, and"
          + " that none is left open at the server.",
      "The client finishes first, so it is the one to wait in TIME_WAIT, which keeps a port for a"
          + " minute: the connections go to as many loopback addresses as that takes, or there have to"
          + " be as many targets."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Churn extends Scenario {
  /** How long Linux keeps a connection in TIME_WAIT (TCP_TIMEWAIT_LEN). */
  private static final Duration TIME_WAIT = Duration.ofSeconds(60);

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "1000",
      description = "Connections a second. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description = "For how long, such as 30s or 2m. Default: ${DEFAULT-VALUE}.")
  private Duration duration;

  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "1000",
      description =
          "The most that are open at a time; those that are due then wait. Default:"
              + " ${DEFAULT-VALUE}.")
  private int connections;

  @Mixin private GeneratorOptions generator;

  @Override
  GeneratorOptions generator() {
    return generator;
  }

  @Override
  Layout layout(Machine machine) {
    checkRate(rate, duration);
    double waiting = rate * Math.min(duration.toSeconds() + 1, TIME_WAIT.toSeconds());
    int ports = (int) Math.min(Integer.MAX_VALUE, connections + waiting);
    Layout layout = layout(fitting(connections, machine), machine);
    Layout spread = layout.spreadOver(ports, machine);
    int targets = generator.targets().size();
    if (targets > 0 && spread.destinations() > targets) {
      throw usage(
          String.format(
              Locale.ROOT,
              "--rate %.0f takes %,d ports, most of them in TIME_WAIT, for which %d targets are"
                  + " needed: %d",
              rate,
              ports,
              spread.destinations(),
              targets));
    }
    return targets > 0 ? layout : spread;
  }

  @Override
  void lead(Run run) throws InterruptedException {
    run.start(Protocol.BYTES);
    new ChurnPhase(run).lead(rate, duration);
    run.drain();
  }
}
