package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.server.Protocol;
import java.time.Duration;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code echo}: messages at a fixed rate, and how long their echoes take. */
@Command(
    name = "echo",
    description = {
      "Sends messages at a fixed rate over many connections, whatever the server does, and tells"
          + " how long the echoes take.",
      "A latency counts from when the message was due, so a pause of the server is charged to"
          + " every message of that time."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Echo extends Scenario {
  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "1000",
      description = "How many connections. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "5000",
      description = "Messages a second, over all connections. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description = "For how long, such as 30s or 2m. Default: ${DEFAULT-VALUE}.")
  private Duration duration;

  @Option(
      names = "--p99",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description =
          "Fails if more than one message of a hundred takes longer, such as 20ms. Default: it"
              + " does not matter how long they take.")
  private Duration p99;

  @Mixin private GeneratorOptions generator;

  @Override
  GeneratorOptions generator() {
    return generator;
  }

  @Override
  Layout layout(Machine machine) {
    checkRate(rate, duration);
    return layout(fitting(connections, machine), machine);
  }

  @Override
  void lead(Run run) throws InterruptedException {
    run.start(Protocol.BYTES);
    run.ramp();
    Histogram latencies = run.load(rate, duration);
    if (p99 != null) {
      run.findings().expectPercentile(99, latencies, p99);
    }
    run.drain();
  }
}
