package io.plainweave.interleavings.explorer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What the command shows of each scenario: a line in a file, if there is one. */
final class Report {
  private Report() {}

  static void add(Class<?> scenario, Interleavings.Result result) {
    String tried =
        result.preemptions() < 0 ? "some" : "all with " + result.preemptions() + " switches";
    add(
        "%-42s %,12d %8d  %-24s %s"
            .formatted(
                name(scenario),
                result.runs(),
                result.steps(),
                tried,
                result.found().isEmpty()
                    ? "nothing"
                    : "! " + result.found().get().stripTrailing()));
  }

  static void add(Class<?> scenario, Twin twin, Interleavings.Result result) {
    add(
        "%-42s %,12d %8d  %-24s %s"
            .formatted(
                name(scenario),
                result.runs(),
                result.steps(),
                "the fault",
                (result.found().isEmpty() ? "! not found: " : "found: ") + twin));
  }

  private static String name(Class<?> scenario) {
    Class<?> of = scenario.getEnclosingClass();
    String machine = of == null ? "" : of.getSimpleName().replace("InterleavingsTest", "") + ": ";
    return machine + scenario.getSimpleName();
  }

  private static synchronized void add(String line) {
    String file = System.getProperty("interleavings.report");
    if (file != null) {
      try {
        Files.writeString(
            Path.of(file), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
