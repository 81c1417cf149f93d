package io.plainweave.loadtests.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.Main;
import io.plainweave.loadtests.report.Environment;
import io.plainweave.loadtests.report.Expectation;
import io.plainweave.loadtests.report.Figure;
import io.plainweave.loadtests.report.Latencies;
import io.plainweave.loadtests.report.Panel;
import io.plainweave.loadtests.report.Pause;
import io.plainweave.loadtests.report.ReportFiles;
import io.plainweave.loadtests.report.RunReport;
import io.plainweave.loadtests.report.Series;
import io.plainweave.loadtests.report.TimedPhase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@DisplayName("Merging reports")
@Timeout(30)
final class MergeTest {
  private static final Expectation ALL_ANSWERED =
      new Expectation("every connection is answered", true, "300 of 300");
  private static final Expectation NONE_FAILS =
      new Expectation("no connection fails", true, "0 failed");

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void sumsCountsAndRatesAndTakesTheLargestOfTheRest() throws Exception {
    write("a", report("million", 300, 1_000, 2.5, ALL_ANSWERED));
    write("b", report("million", 200, 1_500, 1.5, ALL_ANSWERED));

    assertEquals(0, merge("a", "b"), this::both);

    RunReport merged = merged();
    assertEquals("million", merged.command());
    assertEquals(
        List.of(
            new Figure("generators", 2, "", "2", Figure.Merge.MAX),
            new Figure("connected", 500, "", "500", Figure.Merge.SUM),
            new Figure("connect rate", 2_500, "/s", "2,500/s", Figure.Merge.SUM),
            new Figure("slowest phase", 2.5, "s", "2.5 s", Figure.Merge.MAX)),
        merged.figures());
    assertTrue(
        merged.notes().contains("In the reports of the generators only: server heap."),
        merged.notes()::toString);
    assertTrue(out.toString().contains("connected       500\n"), this::both);
  }

  @Test
  void addsTheHistogramsOfOneName() throws Exception {
    write("a", report("million", 300, 1_000, 2.5, ALL_ANSWERED));
    write("b", report("million", 200, 1_500, 1.5, ALL_ANSWERED));

    merge("a", "b");

    Latencies ramp = merged().latencies().getFirst();
    assertEquals("in the ramp", ramp.name());
    assertEquals(500, ramp.histogram().getTotalCount());
    assertTrue(Files.readString(folder.resolve("merged/latencies.hlog")).contains("in-the-ramp"));
  }

  @Test
  void sumsWhatIsDrawnOverTimeAtCommonTimes() {
    List<Series> merged =
        MergedSeries.of(
            List.of(
                new Part("a", drawn(new double[] {0, 2, 4}, new double[] {0, 100, 100})),
                new Part("b", drawn(new double[] {0.5, 1, 2}, new double[] {10, 10, 30}))));

    Series open = merged.getFirst();
    assertArrayEquals(new double[] {0, 2, 4}, open.seconds());
    // b has nothing open before its first value and after its last.
    assertArrayEquals(new double[] {0, 130, 100}, open.values());
  }

  @Test
  void takesTheHighestLatencyAndLeavesErrorsWhereTheyWere() {
    double[] seconds = {0, 1};
    Series p99 = new Series("p99", "ms", Panel.LATENCY, seconds, new double[] {3, 5});
    Series other = new Series("p99", "ms", Panel.LATENCY, seconds, new double[] {4, Double.NaN});
    Series failed = new Series("failed", "", Panel.ERRORS, seconds, new double[] {0, 7});
    Series late = new Series("failed", "", Panel.ERRORS, new double[] {0, 2}, new double[] {0, 1});

    List<Series> merged =
        MergedSeries.of(
            List.of(
                new Part("a", drawn(List.of(p99, failed))),
                new Part("b", drawn(List.of(other, late)))));

    assertArrayEquals(new double[] {4, 5}, merged.getFirst().values());
    assertArrayEquals(new double[] {0, 8}, merged.getLast().values());
  }

  @Test
  void failsWithTheNameOfTheGeneratorWhoseExpectationFailed() throws Exception {
    Expectation failed = new Expectation("every connection is answered", false, "299 of 300");
    write("a", report("million", 300, 1_000, 2.5, ALL_ANSWERED));
    write("b", report("million", 300, 1_000, 2.5, failed));

    assertEquals(1, merge("a", "b"));

    assertTrue(
        out.toString().contains("  FAILED  every connection is answered: b: 299 of 300\n"),
        this::both);
  }

  @Test
  void takesThePartialReportOfAGeneratorThatFailed() throws Exception {
    Expectation end =
        new Expectation("the run comes to its end", false, "in the phase hold: client 1 ended");
    write("a", report("million", 300, 1_000, 2.5, ALL_ANSWERED, NONE_FAILS));
    write("b", report("million", 100, 1_000, 2.5, end, NONE_FAILS));

    assertEquals(1, merge("a", "b"));

    List<String> lines = out.toString().lines().toList();
    assertTrue(lines.contains("connected       400"), this::both);
    assertTrue(
        lines.contains("  FAILED  the run comes to its end: b: in the phase hold: client 1 ended"),
        this::both);
    assertTrue(
        lines.contains("  FAILED  every connection is answered: not looked at in b"), this::both);
    assertTrue(lines.contains("  held    no connection fails: 0 failed each"), this::both);
  }

  @Test
  void mergesTheRestAndFailsWhereAReportIsMissing() throws Exception {
    write("a", report("million", 300, 1_000, 2.5, ALL_ANSWERED));

    assertEquals(1, merge("a", "gone"));

    String sentence = "cannot read " + folder.resolve("gone") + ": no such file";
    assertEquals("Not merged: " + sentence, err.toString().lines().findFirst().orElseThrow());
    assertTrue(
        out.toString().contains("  FAILED  every generator reports: 1 of 2; " + sentence + "\n"),
        this::both);
    assertEquals(1, merged().expectations().stream().filter(it -> !it.held()).count());
  }

  @Test
  void mergesTheRestAndFailsWhereAReportIsBroken() throws Exception {
    write("a", report("million", 300, 1_000, 2.5, ALL_ANSWERED));
    Path broken = Files.createDirectories(folder.resolve("b")).resolve("report.json");
    Files.writeString(broken, "{\"command\": \"mill");

    assertEquals(1, merge("a", "b"));

    assertTrue(
        err.toString().startsWith("Not merged: " + broken + " is not a report: "), this::both);
    assertFalse(err.toString().contains("Exception"), this::both);
  }

  @Test
  void failsWhereNoReportCanBeRead() throws Exception {
    assertEquals(1, merge("gone", "lost"));

    assertEquals("", out.toString());
    assertEquals(2, err.toString().lines().count(), this::both);
    assertFalse(Files.exists(folder.resolve("merged")));
  }

  @Test
  void missesAGeneratorThatTheStartSignalCounted() throws Exception {
    for (String name : List.of("a", "b")) {
      RunReport report = report("million", 300, 1_000, 2.5, ALL_ANSWERED);
      write(
          name,
          with(report, List.of(new Figure("generators", 3, "", "one of 3", Figure.Merge.MAX))));
    }

    assertEquals(1, merge("a", "b"));

    assertTrue(out.toString().contains("  FAILED  every generator reports: 2 of 3\n"), this::both);
    assertTrue(out.toString().startsWith("generators      3\n"), this::both);
  }

  @Test
  void tellsOnceWhatAllMachinesHaveInCommonAndNamesWhatDiffers() throws Exception {
    write("a", report("million", 300, 1_000, 2.5, ALL_ANSWERED));
    RunReport other = report("million", 300, 1_000, 2.5, ALL_ANSWERED);
    write("b", at(other, environment("8 cores", Map.of("net.core.somaxconn", "128"))));

    merge("a", "b");

    Environment environment = merged().environment();
    assertEquals("2 cores (a); 8 cores (b)", environment.machine());
    assertEquals("Linux 6.18", environment.kernel());
    assertEquals("4096 (a); 128 (b)", environment.kernelSettings().get("net.core.somaxconn"));
    assertEquals("loadtests/run million -n 300", environment.flags().get("a command"));
    assertTrue(environment.commandLine().startsWith("loadtests/run merge "));
  }

  @Test
  void refusesReportsOfDifferentCommands() throws Exception {
    write("a", report("million", 300, 1_000, 2.5, ALL_ANSWERED));
    write("b", report("echo", 300, 1_000, 2.5, ALL_ANSWERED));

    assertEquals(2, merge("a", "b"));

    assertTrue(
        err.toString()
            .startsWith("a report of echo (b) does not merge with one of million (a)\n\nUsage: "),
        this::both);
  }

  @Test
  void refusesAFolderThatIsNamedTwiceOrIsToBeWritten() {
    assertEquals(2, merge("a", "./a"));
    assertTrue(err.toString().startsWith(folder.resolve("./a") + " is named twice\n"), this::both);

    err.getBuffer().setLength(0);
    assertEquals(2, merge("a", "merged"));
    assertTrue(
        err.toString()
            .startsWith("--out " + folder.resolve("merged") + " is one of the folders to merge\n"),
        this::both);
  }

  private static RunReport report(
      String command, long connected, double rate, double slowest, Expectation... expectations) {
    Histogram histogram = new Histogram(3);
    histogram.recordValueWithCount(1_000_000, connected);
    return new RunReport(
        command,
        environment("2 cores", Map.of("net.core.somaxconn", "4096")),
        List.of(
            new Figure("connected", connected, "", "" + connected, Figure.Merge.SUM),
            new Figure("connect rate", rate, "/s", rate + "/s (1.00 s)", Figure.Merge.SUM),
            new Figure("slowest phase", slowest, "s", slowest + " s", Figure.Merge.MAX),
            new Figure("server heap", 1_500, "B", "1,500 B a connection, live")),
        List.of(expectations),
        List.of(new TimedPhase("ramp", 0, 1)),
        List.of(),
        List.of(new Latencies("in the ramp", histogram)),
        List.of(new Pause("client 1", 1, 3, "Allocation Failure")),
        List.of());
  }

  private static Environment environment(String machine, Map<String, String> settings) {
    return new Environment(
        "2026-11-21T18:00",
        machine,
        "Linux 6.18",
        "25.0.3",
        "abc",
        "loadtests/run million -n 300",
        Map.of(),
        settings);
  }

  private static RunReport drawn(double[] seconds, double[] values) {
    return drawn(List.of(new Series("open", "", Panel.CONNECTIONS, seconds, values)));
  }

  private static RunReport drawn(List<Series> series) {
    RunReport it = report("million", 1, 1, 1);
    return new RunReport(
        it.command(),
        it.environment(),
        it.figures(),
        it.expectations(),
        it.phases(),
        series,
        it.latencies(),
        it.pauses(),
        it.notes());
  }

  private static RunReport with(RunReport it, List<Figure> figures) {
    return new RunReport(
        it.command(),
        it.environment(),
        figures,
        it.expectations(),
        it.phases(),
        it.series(),
        it.latencies(),
        it.pauses(),
        it.notes());
  }

  private static RunReport at(RunReport it, Environment environment) {
    return new RunReport(
        it.command(),
        environment,
        it.figures(),
        it.expectations(),
        it.phases(),
        it.series(),
        it.latencies(),
        it.pauses(),
        it.notes());
  }

  private void write(String name, RunReport report) throws IOException {
    ReportFiles.write(folder.resolve(name), report);
  }

  private RunReport merged() throws IOException {
    return ReportFiles.read(folder.resolve("merged"));
  }

  private int merge(String... names) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    List<String> arguments = new ArrayList<>(List.of("merge"));
    for (String name : names) {
      arguments.add(folder + "/" + name);
    }
    arguments.addAll(List.of("--out", folder.resolve("merged").toString()));
    return commandLine.execute(arguments.toArray(String[]::new));
  }

  private String both() {
    return out + "\n" + err;
  }
}
