package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.control.Target;
import io.plainweave.loadtests.coordinator.OtherMachines;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options of the scenarios that need no order to a server, and so can be a generator alone. */
final class GeneratorOptions {
  @Option(
      names = "--target",
      paramLabel = "HOST:PORT",
      converter = TargetConverter.class,
      description =
          "Starts no server and connects to this one, such as `loadtests/run serve` on another"
              + " machine. Can be given several times: the connections are spread over all, and"
              + " each takes half as many as this machine has ports.")
  private List<Target> targets = List.of();

  @Option(
      names = "--start",
      paramLabel = "HOST:PORT",
      converter = TargetConverter.class,
      description =
          "When all processes are up, waits for the start signal that `loadtests/run start` gives"
              + " there to the generators of all machines.")
  private Target start;

  /** Where the connections go; empty if the run starts its servers. */
  List<Target> targets() {
    return targets.stream().distinct().toList();
  }

  OtherMachines otherMachines() {
    return new OtherMachines(targets(), Optional.ofNullable(start));
  }
}
