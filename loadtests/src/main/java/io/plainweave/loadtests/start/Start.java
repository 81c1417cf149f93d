package io.plainweave.loadtests.start;

import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code start}: waits for the generators of a run and lets them begin. */
@Command(
    name = "start",
    description = {
      "Lets generators on several machines begin at the same moment: waits until all have come"
          + " (`--start HOST:PORT` of a scenario), then tells them.",
      "The exit code is 0 if all have come. If the time limit passes before, those that wait end"
          + " too."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Start implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-n", "--generators"},
      paramLabel = "N",
      required = true,
      description = "How many generators have to come.")
  private int generators;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "7001",
      description = "Where they come to; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--limit",
      paramLabel = "DURATION",
      defaultValue = "5m",
      converter = DurationConverter.class,
      description = "How long to wait for them, such as 30s or 10m. Default: ${DEFAULT-VALUE}.")
  private Duration limit;

  @Override
  public Integer call() throws InterruptedException {
    if (generators < 1) {
      throw new ParameterException(spec.commandLine(), "-n must be at least 1: " + generators);
    }
    if (port < 0 || port > 65_535) {
      throw new ParameterException(spec.commandLine(), "--port is from 0 to 65535: " + port);
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try (StartServer server = StartServer.open(port, generators)) {
      out.printf("waiting for %d generators on port %d%n", generators, server.port());
      out.flush();
      boolean complete =
          server.awaitAll(
              limit,
              here -> {
                err.printf(
                    "%d of %d generators: %s%n", here.size(), generators, String.join(", ", here));
                err.flush();
              });
      out.println(complete ? "all generators have started" : server.shortfall(limit));
      out.flush();
      return complete ? 0 : 1;
    } catch (IOException e) {
      err.println(e.getMessage());
      err.flush();
      return 1;
    }
  }
}
