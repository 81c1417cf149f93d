package io.plainweave.loadtests.machine;

import static java.nio.file.StandardOpenOption.APPEND;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class FootprintTest {
  @TempDir private Path results;

  @Test
  void isThatOfTheLastDay() throws IOException {
    keep("2026-01-31-million-a.txt", 900_000, 1);
    keep("2026-02-01-million-b.txt", 300, 3_059);
    keep("2025-12-31-million-c.txt", 900_000, 2);

    assertEquals(
        new Footprint(
            Footprint.DEFAULT.kernel(),
            3_059,
            2_410,
            "results/2026-02-01-million-b.txt; kernel: a stated default"),
        Footprint.ofLastRun(results));
  }

  @Test
  void isThatOfTheLargestRunOfADay() throws IOException {
    keep("2026-02-01-million-a.txt", 30_000, 1);
    keep("2026-02-01-million-b.txt", 183_512, 2);
    keep("2026-02-01-million-c.txt", 9_000, 3);

    assertEquals(2, Footprint.ofLastRun(results).rss());
  }

  @Test
  void hasTheKernelsPartWhereTheRunTookIt() throws IOException {
    Path file = keep("2026-02-01-million-a.txt", 30_000, 3_059);
    Files.writeString(file, "kernel memory   8,123 B a connection, both ends\n", APPEND);

    assertEquals(
        new Footprint(8_123, 3_059, 2_410, "results/2026-02-01-million-a.txt"),
        Footprint.ofLastRun(results));
  }

  @Test
  void otherFilesAreNoReports() throws IOException {
    Files.writeString(results.resolve("2026-02-01-million-a.txt"), "server RSS  unknown\n");
    Files.write(results.resolve("2026-02-01-million-b.txt"), new byte[] {(byte) 0xff, 0});
    keep("2026-02-01-compare.txt", 30_000, 1);

    assertEquals(Footprint.DEFAULT, Footprint.ofLastRun(results));
  }

  @Test
  void isAStatedDefaultWhereNoRunWasKept() {
    assertEquals(Footprint.DEFAULT, Footprint.ofLastRun(results));
    assertEquals(Footprint.DEFAULT, Footprint.ofLastRun(results.resolve("none")));
  }

  private Path keep(String name, int connected, int rss) throws IOException {
    String report =
        String.format(
            "connected       %,d%nserver heap     2,410 B a connection, live%n"
                + "server RSS      %,d B a connection%n",
            connected, rss);
    return Files.writeString(results.resolve(name), report);
  }
}
