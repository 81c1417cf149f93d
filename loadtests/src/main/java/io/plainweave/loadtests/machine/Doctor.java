package io.plainweave.loadtests.machine;

import io.plainweave.loadtests.cli.Home;
import io.plainweave.loadtests.cli.Version;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code doctor}: what stands between this machine and so many connections. */
@Command(
    name = Doctor.NAME,
    description = {
      "Tells every limit between this machine and so many connections: what it allows, which one"
          + " decides, and the command that lifts it. Changes nothing and connects nothing.",
      "The exit code is 0 if million could run with so many, 1 if not."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class Doctor implements Callable<Integer> {
  static final String NAME = "doctor";

  @Spec private CommandSpec spec;

  @Option(
      names = {"-n", "--connections"},
      paramLabel = "N",
      defaultValue = "" + Limits.MILLION,
      description = "How many connections. Default: 1,000,000.")
  private int connections;

  @Option(
      names = "--root",
      hidden = true,
      defaultValue = "/",
      description = "Reads the kernel's files below this folder.")
  private Path root;

  @Override
  public Integer call() {
    if (connections < 1) {
      throw new ParameterException(spec.commandLine(), "-n must be at least 1: " + connections);
    }
    PrintWriter out = spec.commandLine().getOut();
    Machine machine = Machine.read(root);
    Footprint footprint = Footprint.ofLastRun(Home.path().resolve("results"));
    Limits limits = Limits.of(machine, connections, footprint);
    out.println(verdict(limits));
    int capacity = Layout.capacity(machine.descriptors());
    out.println(processes(limits, capacity, machine));
    out.println();
    new LimitsTable(limits, out).printAll();
    out.println();
    out.println(memory(footprint, capacity));
    out.flush();
    return limits.allow() ? 0 : 1;
  }

  private static String verdict(Limits limits) {
    Limit lowest = limits.lowest();
    return format(
        "%,d connections %s on this machine: %s allows %,d.",
        limits.connections(),
        limits.allow() ? "fit" : "do not fit",
        lowest.name(),
        lowest.allowsRun());
  }

  private static String processes(Limits limits, int capacity, Machine machine) {
    String each = format("A process, server or client, holds %,d of them", capacity);
    if (Layout.heldBy(Limits.MOST_SERVERS, capacity) < limits.connections()) {
      return format("%s: it would take more than %d server processes.", each, Limits.MOST_SERVERS);
    }
    Layout layout = Layout.of(limits.connections(), machine);
    return format(
        "%s: it takes %,d server + %,d client processes.",
        each, layout.servers(), layout.clients());
  }

  private static String memory(Footprint footprint, int capacity) {
    return format(
        "Memory of a connection: %,d B in the kernel (both ends), %,d B in the server (%,d B of it live%n"
            + "heap), %,d B in the client, %,.0f B for its part of the idle processes.%n"
            + "Source: %s.",
        footprint.kernel(),
        footprint.rss(),
        footprint.heap(),
        Footprint.CLIENT,
        Footprint.idleProcesses(capacity),
        footprint.source());
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
