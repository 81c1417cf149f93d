package io.plainweave.loadtests.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.GraphicsEnvironment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class ReportFilesTest {
  @TempDir Path folder;

  @Test
  void aReportIsReadBackAsItWasWritten() throws IOException {
    RunReport report = SampleReports.million();
    Path there = folder.resolve("results/million");
    ReportFiles.write(there, report);
    assertEquals(report, ReportFiles.read(there));
    assertEquals(report, ReportFiles.read(there.resolve("report.json")));
  }

  @Test
  void theJsonCanBeReadWithoutKnowingHistograms() throws IOException {
    ReportFiles.write(folder, SampleReports.small());
    JsonNode json = new ObjectMapper().readTree(folder.resolve("report.json").toFile());
    assertFalse(json.get("fine").booleanValue());
    JsonNode ramp = json.at("/latencies/0/histogram");
    assertEquals(2_000, ramp.get("count").longValue());
    assertEquals(20.0, ramp.get("p99.9").doubleValue(), 0.05);
  }

  @Test
  void theLatenciesAreALogThatHistogramToolsRead() throws IOException {
    RunReport report = SampleReports.small();
    ReportFiles.write(folder, report);
    try (var log = new HistogramLogReader(folder.resolve("latencies.hlog").toFile())) {
      for (Latencies latencies : report.latencies()) {
        EncodableHistogram read = log.nextIntervalHistogram();
        assertEquals(latencies.name().replace(' ', '-'), read.getTag());
        assertEquals(latencies.histogram(), (Histogram) read);
      }
      assertNull(log.nextIntervalHistogram());
    }
  }

  @Test
  void aReportReplacesTheOneBefore() throws IOException {
    ReportFiles.write(folder, SampleReports.million());
    ReportFiles.write(folder, SampleReports.small());
    assertEquals(SampleReports.small(), ReportFiles.read(folder));
  }

  @Test
  void aFileInTheWayOfTheFolderIsNamed() throws IOException {
    Path file = Files.createFile(folder.resolve("results"));
    IOException failed =
        assertThrows(IOException.class, () -> ReportFiles.write(file, SampleReports.small()));
    assertEquals(
        "cannot create the folder %1$s: in the way of it is %1$s".formatted(file),
        failed.getMessage());
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path file = folder.resolve("report.json");
    IOException failed = assertThrows(IOException.class, () -> ReportFiles.read(file));
    assertEquals("cannot read " + file + ": no such file", failed.getMessage());
  }

  @Test
  void aFileThatIsNoReportIsNamed() throws IOException {
    Path file = folder.resolve("report.json");
    for (String text : List.of("", "{", "[]", "{\"command\":\"million\"}")) {
      Files.writeString(file, text);
      IOException failed = assertThrows(IOException.class, () -> ReportFiles.read(file));
      assertTrue(failed.getMessage().startsWith(file + " is not a report: "), failed::getMessage);
    }
  }

  @Test
  void thePageIsNamedWhereThereIsNoDesktop() {
    assumeTrue(GraphicsEnvironment.isHeadless(), "would open a window");
    URI page = folder.resolve("report.html").toUri();
    assertEquals("no desktop to open the page on: " + page, ReportFiles.open(folder));
  }

  @Test
  void aFullDiskLeavesNoHalfFile() throws Exception {
    assertEquals(List.of(), leftOnDisk("8k", "report.json"));
  }

  @Test
  void aDiskTooSmallForThePageKeepsTheFigures() throws Exception {
    assertEquals(List.of("latencies.hlog", "report.json"), leftOnDisk("300k", "report.html"));
  }

  /** What is there after writing to a disk that is too small, the failure of which is checked. */
  private List<String> leftOnDisk(String size, String failing) throws Exception {
    assumeTrue(isRoot(), "only root can mount a small disk");
    assumeTrue(
        succeeds("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder.toString()),
        "this root cannot mount a tmpfs");
    try {
      IOException failed =
          assertThrows(IOException.class, () -> ReportFiles.write(folder, SampleReports.million()));
      assertEquals(
          "cannot write " + folder.resolve(failing) + ": No space left on device",
          failed.getMessage());
      try (Stream<Path> left = Files.list(folder)) {
        return left.map(it -> it.getFileName().toString()).sorted().toList();
      }
    } finally {
      assertTrue(succeeds("umount", folder.toString()));
    }
  }

  private static boolean isRoot() throws IOException {
    Path self = Path.of("/proc/self");
    return Files.exists(self) && Files.getAttribute(self, "unix:uid").equals(0);
  }

  private static boolean succeeds(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
  }
}
