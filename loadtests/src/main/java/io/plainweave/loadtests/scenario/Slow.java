package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.coordinator.Run;
import io.plainweave.loadtests.coordinator.SlowPhase;
import io.plainweave.loadtests.machine.Layout;
import io.plainweave.loadtests.machine.Machine;
import io.plainweave.loadtests.server.Protocol;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code slow}: slow readers and slow writers among good clients. */
@Command(
    name = "slow",
    description = {
      "Good clients send messages at a fixed rate: alone, then among slow ones, then alone again."
          + " Slow readers ask for 16 MB and read nothing; slow writers (slowloris) send a message"
          + " a byte at a time. The server ends them by its time limits, and they come back.",
      "It expects that the good ones do not notice: their p99 among slow ones, in the median"
          + " second, is at most twice the higher one of when they were alone, and 5 ms. It expects"
          + " that every slow one is ended by the limit that is meant for it, and no good one."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Slow extends Scenario {
  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "500",
      description = "How many good connections. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "2000",
      description = "Messages a second of the good ones. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--readers",
      paramLabel = "N",
      defaultValue = "10",
      description = "Slow readers, each with up to 3 MB in the kernel. Default: ${DEFAULT-VALUE}.")
  private int readers;

  @Option(
      names = "--writers",
      paramLabel = "N",
      defaultValue = "100",
      description = "Slow writers. Default: ${DEFAULT-VALUE}.")
  private int writers;

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      defaultValue = "8s",
      converter = DurationConverter.class,
      description =
          "How long the slow ones are there; half of it comes before, and half after. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration duration;

  @Option(
      names = "--patience",
      paramLabel = "DURATION",
      defaultValue = "3s",
      converter = DurationConverter.class,
      description =
          "The server's time limit of messages, and of writes that make no progress. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration patience;

  @Override
  Layout layout(Machine machine) {
    checkRate(rate, duration);
    if (readers < 0 || writers < 0) {
      throw usage("--readers and --writers must not be negative: " + readers + ", " + writers);
    }
    if (duration.compareTo(patience.multipliedBy(2)) < 0) {
      throw usage(
          "--duration must be at least twice --patience, or slow ones might not be ended in it: "
              + duration.toMillis()
              + " ms, "
              + patience.toMillis()
              + " ms");
    }
    return Layout.of(fitting(connections + readers + writers, machine), machine).with(connections);
  }

  @Override
  void lead(Run run) throws InterruptedException {
    run.start(Protocol.MESSAGES, patience);
    SlowPhase slow = new SlowPhase(run, readers, writers);
    slow.start();
    run.ramp();
    slow.lead(rate, duration);
    run.drain();
  }
}
