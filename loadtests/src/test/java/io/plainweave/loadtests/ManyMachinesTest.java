package io.plainweave.loadtests;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.report.Expectation;
import io.plainweave.loadtests.report.Figure;
import io.plainweave.loadtests.report.ReportFiles;
import io.plainweave.loadtests.report.RunReport;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands of a run over several machines, each on a host of its own. */
@DisplayName("A run over many machines")
@Timeout(240) // some ten processes at a time, and hosts that may have one core for them
final class ManyMachinesTest {
  private static final int GENERATORS = 3;
  private static final int CONNECTIONS = 300;

  @TempDir private Path folder;
  @RegisterExtension private final NetworkNamespaces network = new NetworkNamespaces();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Process server;
  private Process start;
  private final List<Process> generators = new ArrayList<>();

  @Test
  @Tag("slow")
  void isTheSumOfItsGenerators() throws Exception {
    startAll("500ms");

    for (Process generator : generators) {
      awaitExit(0, generator);
    }
    awaitExit(0, start);
    assertEquals(0, merge(), this::both);
    RunReport merged = ReportFiles.read(folder.resolve("merged"));
    assertEquals(GENERATORS * CONNECTIONS, figure(merged, "connected"));
    assertEquals(0, figure(merged, "errors"));
    double rates = 0;
    for (int i = 1; i <= GENERATORS; i++) {
      rates += figure(ReportFiles.read(folder.resolve("generator-" + i)), "connect rate");
    }
    assertEquals(rates, figure(merged, "connect rate"), 1e-6);
    merged
        .latencies()
        .forEach(it -> assertEquals(GENERATORS * CONNECTIONS, it.histogram().getTotalCount()));
    assertEquals(
        List.of("ramp", "hold", "sweep", "close"),
        merged.phases().stream().map(it -> it.name()).toList(),
        "what was before the signal is not in the reports");

    server.toHandle().destroy();
    List<String> served = server.inputReader().lines().toList();
    awaitExit(143, server);
    // Each generator has looked first whether the server is there.
    int connections = GENERATORS * CONNECTIONS + GENERATORS;
    assertTrue(served.contains("connections     " + connections), served::toString);
    assertTrue(
        served.contains("  held    every connection ends in the drain: 0 were reset"),
        served::toString);
  }

  @Test
  @Tag("slow")
  void endsAndTellsWhatIsMissingWhenAGeneratorIsKilled() throws Exception {
    startAll("5s");
    Process killed = generators.removeFirst();
    BufferedReader progress = killed.errorReader();
    for (String line; (line = progress.readLine()) != null && !line.startsWith("hold"); ) {}

    killed.toHandle().destroyForcibly();

    for (Process generator : generators) {
      awaitExit(0, generator);
    }
    assertEquals(1, merge(), this::both);
    String missing = "cannot read " + folder.resolve("generator-1") + ": no such file";
    assertTrue(err.toString().contains("Not merged: " + missing + "\n"), this::both);
    RunReport merged = ReportFiles.read(folder.resolve("merged"));
    assertEquals((GENERATORS - 1) * CONNECTIONS, figure(merged, "connected"));
    assertEquals(
        List.of(new Expectation("every generator reports", false, "2 of 3; " + missing)),
        merged.expectations().stream().filter(it -> !it.held()).toList());
  }

  private void startAll(String hold) throws Exception {
    network.connect("server", "start", "generator-1", "generator-2", "generator-3");
    server = network.start("server", "serve", "--port", "7000");
    start = network.start("start", "start", "-n", "" + GENERATORS, "--port", "7001");
    assertEquals("listening on port 7000", server.inputReader().readLine());
    for (int i = 1; i <= GENERATORS; i++) {
      String name = "generator-" + i;
      generators.add(
          network.start(
              name,
              "million",
              "-n",
              "" + CONNECTIONS,
              "--hold",
              hold,
              "--target",
              network.addressOf("server") + ":7000",
              "--start",
              network.addressOf("start") + ":7001",
              "--out",
              folder.resolve(name).toString()));
    }
  }

  private int merge() {
    List<String> arguments = new ArrayList<>(List.of("merge"));
    IntStream.rangeClosed(1, GENERATORS)
        .forEach(i -> arguments.add(folder.resolve("generator-" + i).toString()));
    arguments.addAll(List.of("--out", folder.resolve("merged").toString()));
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments.toArray(String[]::new));
  }

  private static void awaitExit(int expected, Process process) throws Exception {
    String err = String.join("\n", process.errorReader().lines().toList());
    assertTrue(process.waitFor(30, SECONDS), err);
    assertEquals(expected, process.exitValue(), err);
  }

  private static double figure(RunReport report, String name) {
    return report.figures().stream()
        .filter(it -> it.name().equals(name))
        .mapToDouble(Figure::value)
        .findFirst()
        .orElseThrow();
  }

  private String both() {
    return out + "\n" + err;
  }
}
