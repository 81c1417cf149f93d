package io.plainweave.loadtests.udp;

import io.plainweave.kernel.KernelDrops;
import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.RunFailed;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.control.Target;
import io.plainweave.loadtests.scenario.TargetConverter;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code udp}: whether a datagram is lost at a fixed rate. */
@Command(
    name = Udp.NAME,
    description = {
      "Sends datagrams of "
          + DatagramLoad.BYTES
          + " bytes at a fixed rate, whatever the server does, to one that sends each back, such as"
          + " samples/UdpEcho; counts those that were sent, answered and lost.",
      "The exit code is 1 if one was lost, answered twice or changed."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Udp implements Callable<Integer> {
  static final String NAME = "udp";

  private static final int MOST_SOCKETS = 10_000;
  private static final double MOST_DATAGRAMS = 100_000_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--target",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7007",
      converter = TargetConverter.class,
      description = "Where the server is. Default: ${DEFAULT-VALUE}, as of samples/run UdpEcho.")
  private Target target;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Datagrams a second. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description = "For how long. Default: ${DEFAULT-VALUE}.")
  private Duration duration;

  @Option(
      names = "--sockets",
      paramLabel = "N",
      defaultValue = "400",
      description = {
        "From how many sockets, in turn. To 127.0.0.1 each has an address of its own, since UdpEcho"
            + " takes 100 datagrams a second from one. Default: ${DEFAULT-VALUE}."
      })
  private int sockets;

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      defaultValue = "2s",
      converter = DurationConverter.class,
      description = "For how long an answer may take at the end. Default: ${DEFAULT-VALUE}.")
  private Duration wait;

  Udp() {}

  @Override
  public Integer call() throws IOException {
    double count = rate * duration.toMillis() / 1_000;
    if (!(rate > 0 && count >= 1 && count <= MOST_DATAGRAMS)) {
      throw new ParameterException(
          spec.commandLine(),
          "--rate %s makes %,.0f in %s; it must be 1 to %,.0f"
              .formatted(rate, count, DurationConverter.text(duration), MOST_DATAGRAMS));
    }
    if (sockets < 1 || sockets > MOST_SOCKETS) {
      throw new ParameterException(
          spec.commandLine(), "--sockets is 1 to %,d: %d".formatted(MOST_SOCKETS, sockets));
    }
    var address = new InetSocketAddress(target.host(), target.port());
    if (address.isUnresolved()) {
      throw new RunFailed("because there is no host " + target.host());
    }
    Set<InetSocketAddress> servers =
        Set.of(address, new InetSocketAddress(target.port())); // it may listen at every address
    long droppedBefore = KernelDrops.at(servers);
    try (DatagramLoad load = DatagramLoad.open(address, sockets)) {
      load.run(rate, (int) count, wait);
      return tell(load, (int) count, KernelDrops.at(servers) - droppedBefore);
    }
  }

  private int tell(DatagramLoad load, int count, long droppedAtTarget) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    long lost = load.sent() - load.answered();
    out.printf("target          %s, from %,d sockets%n", target, sockets);
    out.printf("due             %,d in %s%n", count, DurationConverter.text(duration));
    out.printf("sent            %,d, at most %.2f ms late%n", load.sent(), load.latest() / 1e6);
    out.printf("answered        %,d%n", load.answered());
    out.printf("lost            %,d%n", lost);
    out.printf("not sent        %,d, for which a socket had no room%n", load.refused());
    out.printf("twice, changed  %,d, %,d%n", load.repeated(), load.wrong());
    out.printf(
        "kernel          has dropped %,d at the target, if that is on this machine, and %,d here%n",
        droppedAtTarget, KernelDrops.at(load.addresses()));
    out.printf(
        "latency         p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms%n",
        millis(load, 50), millis(load, 99), millis(load, 99.9), millis(load, 100));
    out.flush();
    return load.answered() == count && load.repeated() == 0 && load.wrong() == 0 ? 0 : 1;
  }

  private static double millis(DatagramLoad load, double percentile) {
    return load.latencies().getValueAtPercentile(percentile) / 1e6;
  }
}
