package io.plainweave.loadtests.plan;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code plan}: what a number of clients needs that no machine holds alone. */
@Command(
    name = "plan",
    description = {
      "Says how many machines a number of clients needs, what is in their way, and how long a"
          + " restart and a storm of reconnects take.",
      "It multiplies what was measured on one machine (each figure names its result), and"
          + " simulates the clients that come back. It opens no connection."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Plan implements Callable<Integer> {
  private static final long MOST_CLIENTS = 1_000_000_000L;
  private static final long GIGABYTE = 1L << 30;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-n", "--clients"},
      paramLabel = "N",
      defaultValue = "10000000",
      description =
          "How many clients are connected at the same time, up to 1,000,000,000. Default:"
              + " ${DEFAULT-VALUE}.")
  private long clients;

  @Option(
      names = "--message-every",
      paramLabel = "DURATION",
      defaultValue = "1m",
      converter = DurationConverter.class,
      description =
          "How often each sends a message that is answered, such as 30s or 5m. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration messageEvery;

  @Option(names = "--tls", description = "They speak TLS.")
  private boolean tls;

  @Option(
      names = "--state",
      paramLabel = "BYTES",
      defaultValue = "0",
      description =
          "What your program keeps in memory for each of them, beside the connection. Default:"
              + " ${DEFAULT-VALUE}.")
  private long state;

  @Option(
      names = "--cores",
      paramLabel = "N",
      defaultValue = "8",
      description = "The processors of one machine. Default: ${DEFAULT-VALUE}.")
  private int cores;

  @Option(
      names = "--memory",
      paramLabel = "GB",
      defaultValue = "32",
      description = "The memory of one machine, in GB. Default: ${DEFAULT-VALUE}.")
  private int gigabytes;

  @Option(
      names = "--per-machine",
      paramLabel = "N",
      defaultValue = "1000000",
      description =
          "How many connections one machine is to hold at most. More than 1,000,000 were not"
              + " measured. Default: ${DEFAULT-VALUE}.")
  private long perMachine;

  @Option(
      names = "--load",
      paramLabel = "PERCENT",
      defaultValue = "50",
      description =
          "How much of its processors and memory is used at most. Default: ${DEFAULT-VALUE}.")
  private int load;

  @Option(
      names = "--spare",
      paramLabel = "PERCENT",
      defaultValue = "10",
      description =
          "How many of the machines may be away at the same moment. Default: ${DEFAULT-VALUE}.")
  private int spare;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Of the simulation; the same gives the same figures. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Override
  public Integer call() {
    between("-n", clients, 1, MOST_CLIENTS);
    between("--state", state, 0, GIGABYTE);
    between("--cores", cores, 1, 1_024);
    between("--memory", gigabytes, 1, 65_536);
    between("--per-machine", perMachine, 1, 10_000_000);
    between("--load", load, 1, 100);
    between("--spare", spare, 0, 90);
    if (messageEvery.isZero()) {
      throw new ParameterException(spec.commandLine(), "--message-every must be longer than 0");
    }
    var fleet =
        new Fleet(
            clients,
            messageEvery,
            tls,
            state,
            cores,
            gigabytes * GIGABYTE,
            perMachine,
            load / 100.0,
            spare / 100.0);
    PrintWriter out = spec.commandLine().getOut();
    new PlanText(fleet, seed).print(out);
    out.flush();
    return 0;
  }

  private void between(String option, long value, long least, long most) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(), "%s is from %,d to %,d: %d".formatted(option, least, most, value));
    }
  }
}
