package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Home;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.CompiledSample;
import io.plainweave.loadtests.coordinator.PublishPhase;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code mqtt}: idle subscribers of the sample's broker. */
@Command(
    name = "mqtt",
    description = {
      "Connects subscribers to the broker of samples/Mqtt.java. Each subscribes to a topic of its"
          + " own and to one of everybody, and is idle but for its keep-alive pings; then each gets"
          + " one message, and the broker drains.",
      "Where a process may not open enough descriptors, there are several brokers on one port, each"
          + " with the subscribers that the kernel gives it. Each publishes the message to its own:"
          + " brokers share no sessions.",
      "It expects that every subscription is granted, every ping answered, and every message"
          + " received whole, once. It tells what a subscriber costs."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Mqtt extends Scenario {
  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "5000",
      description = "How many subscribers. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--keep-alive",
      paramLabel = "DURATION",
      defaultValue = "10m",
      converter = DurationConverter.class,
      description = "How often each of them sends a ping, such as 1m. Default: ${DEFAULT-VALUE}.")
  private Duration keepAlive;

  @Option(
      names = "--hold",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationConverter.class,
      description =
          "How long they are idle, such as 500ms, 5s or 2m. In 5 s of 10 min one in 120 sends its"
              + " ping. Default: ${DEFAULT-VALUE}.")
  private Duration hold;

  @Override
  Layout layout(Machine machine) {
    if (!keepAlive.isPositive()) {
      throw usage("--keep-alive must be more than 0");
    }
    return layout(fitting(connections, machine), machine);
  }

  @Override
  void lead(Run run) throws InterruptedException {
    Path source = Home.path().resolveSibling("samples").resolve("Mqtt.java");
    try (CompiledSample broker = CompiledSample.compile(source)) {
      run.startBrokers(broker.folder());
      run.ramp();
      double rate = connections * 1e9 / keepAlive.toNanos();
      if (rate * hold.toNanos() >= 1e9 * run.layout().clients()) {
        run.load(rate, hold);
      }
      run.hold(Duration.ZERO);
      new PublishPhase(run).lead();
      run.drain();
    }
  }
}
