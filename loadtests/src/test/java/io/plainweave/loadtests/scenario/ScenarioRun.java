package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.loadtests.Main;
import io.plainweave.loadtests.report.ReportFiles;
import io.plainweave.loadtests.report.RunReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import picocli.CommandLine;

/**
 * A scenario that is led by the test's process, with children of its own. What it has printed is in
 * its text; after the test no child and no file is left.
 */
final class ScenarioRun implements BeforeEachCallback, AfterEachCallback {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path folder;

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    folder = Files.createTempDirectory("scenario");
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    assertEquals(List.of(), children(), "no process is left");
  }

  /** Runs a command with further options and returns its exit code. */
  int execute(String[] command, String... options) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(
        Stream.of(command, options, new String[] {"--out", folder.toString()})
            .flatMap(Stream::of)
            .toArray(String[]::new));
  }

  /** The report that the command has kept. */
  RunReport report() throws IOException {
    return ReportFiles.read(folder);
  }

  /** Whether an expectation of that beginning has held. */
  boolean held(String expectation) {
    return hasLine("  held    " + expectation);
  }

  /** Whether an expectation of that beginning has failed. */
  boolean failed(String expectation) {
    return hasLine("  FAILED  " + expectation);
  }

  /** Whether the report has a line of that beginning. */
  boolean hasLine(String begin) {
    return out.toString().lines().anyMatch(line -> line.startsWith(begin));
  }

  private static List<String> children() {
    return ProcessHandle.current()
        .children()
        .map(child -> child.info().commandLine().orElse(""))
        .filter(line -> line.contains("io.plainweave.loadtests."))
        .toList();
  }

  @Override
  public String toString() {
    return out + "\n" + err;
  }
}
