package io.plainweave.loadtests.server;

import io.plainweave.Listen;
import io.plainweave.event.DrainReport;
import io.plainweave.loadtests.cli.DurationConverter;
import io.plainweave.loadtests.cli.Home;
import io.plainweave.loadtests.cli.Version;
import io.plainweave.loadtests.report.Environment;
import io.plainweave.loadtests.report.Expectation;
import io.plainweave.loadtests.report.Figure;
import io.plainweave.loadtests.report.ReportFiles;
import io.plainweave.loadtests.report.RunReport;
import io.plainweave.loadtests.report.Series;
import io.plainweave.loadtests.report.TimedPhase;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code serve}: the echo server alone, for a machine of its own. */
@Command(
    name = "serve",
    description = {
      "Runs the echo server of the load tests alone, for generators on other machines"
          + " (`--target HOST:PORT` of a scenario).",
      "It is ready when it accepts. SIGTERM or Ctrl-C drains it; then it tells how many"
          + " connections it had."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Serve implements Callable<Integer> {
  private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  @Spec private CommandSpec spec;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      split = ",",
      defaultValue = "7000",
      description =
          "Where to listen, on every address of this machine; 0 takes a free one. Several, such as"
              + " 7000,7001, let a generator have that many times its ports. Default:"
              + " ${DEFAULT-VALUE}.")
  private List<Integer> ports;

  @Option(
      names = "--drain",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationConverter.class,
      description =
          "How long connections may go on after the signal; then they are reset. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration drain;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description =
          "Keeps a report of its connections and its memory over time there. Default: none.")
  private Path out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter figures = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try (Served served = new Served();
        Server server = build(served)) {
      server.start();
      for (SocketAddress address : server.addresses()) {
        figures.println("listening on port " + ((InetSocketAddress) address).getPort());
      }
      figures.flush();
      server.awaitTermination(FOREVER); // the process waits for what follows
      RunReport report = report(served, server.drain());
      report.print(figures);
      keep(report);
      return report.isFine() ? 0 : 1;
    } catch (IOException e) {
      err.println(e.getMessage());
      return 1;
    } finally {
      figures.flush();
      err.flush();
    }
  }

  private Server build(Served served) {
    ServerBuilder builder =
        Server.builder()
            .handler(Protocol.BYTES.handler())
            .timeLimits(EchoServer.TIME_LIMITS)
            .drainTimeout(drain)
            .observer(served);
    for (int port : ports) {
      try {
        builder.listen(Listen.tcp(port));
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), "--port: " + e.getMessage(), e);
      }
    }
    return builder.build();
  }

  private RunReport report(Served served, DrainReport drained) {
    double seconds = drained.elapsed().toNanos() / 1e9;
    List<Series> series = served.series();
    double end = series.getFirst().seconds()[series.getFirst().seconds().length - 1];
    String flags = String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments());
    return new RunReport(
        spec.name(),
        Environment.of(commandLine(), Home.path(), Map.of("server", flags)),
        List.of(
            count("connections", served.connections()),
            count("most at a time", served.mostOpen()),
            new Figure(
                "drain",
                seconds,
                "s",
                String.format(
                    Locale.ROOT,
                    "%.2f s, %,d connections ended, %,d were reset",
                    seconds,
                    drained.finished(),
                    drained.forced()))),
        List.of(
            new Expectation(
                "every connection ends in the drain",
                drained.forced() == 0,
                String.format(Locale.ROOT, "%,d were reset", drained.forced()))),
        List.of(
            new TimedPhase("serve", 0, Math.max(0, end - seconds)),
            new TimedPhase("drain", Math.max(0, end - seconds), end)),
        series,
        List.of(),
        List.of(),
        List.of());
  }

  private void keep(RunReport report) throws IOException {
    if (out != null) {
      ReportFiles.write(out, report);
    }
  }

  private static Figure count(String name, long count) {
    return new Figure(name, count, "", String.format(Locale.ROOT, "%,d", count));
  }

  private String commandLine() {
    return "loadtests/run "
        + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
  }
}
