package io.plainweave.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The tests in one environment: several JVMs, one beside the other, since most of the tests wait.
 */
final class SystemRun {
  /** How often somebody who looks on is told how far it is. */
  private static final Duration PROGRESS = Duration.ofSeconds(30);

  private final Environment environment;
  private final List<List<String>> commands;
  private final Path directory;
  private final Duration limit;
  private final List<Path> logs = new ArrayList<>();

  /**
   * What came of it.
   *
   * @param failures a line each; what was in the middle of something at the end of the time among
   *     them
   * @param skips a line each, with the reason
   */
  record Outcome(int passed, List<String> failures, List<String> skips, long seconds) {}

  /**
   * Prepares a run.
   *
   * @param commands of the JVMs
   * @param directory in which they run
   * @param limit after which those that are left are ended
   */
  SystemRun(Environment environment, List<List<String>> commands, Path directory, Duration limit) {
    this.environment = environment;
    this.commands = commands;
    this.directory = directory;
    this.limit = limit;
  }

  /** Runs all JVMs to their end. */
  Outcome run(Places places, int classes) throws IOException, InterruptedException {
    long start = System.nanoTime();
    List<Process> processes = new ArrayList<>();
    try {
      for (List<String> command : commands) {
        Path log = places.log("systems-%s-%d".formatted(environment.name(), logs.size() + 1));
        Files.createDirectories(log.getParent());
        logs.add(log);
        processes.add(
            new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start());
      }
      await(processes, start, classes);
    } finally {
      for (Process process : processes) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    return outcome(seconds);
  }

  private void await(List<Process> processes, long start, int classes)
      throws IOException, InterruptedException {
    long told = start;
    for (Process process : processes) {
      while (!process.waitFor(1, TimeUnit.SECONDS)) {
        long now = System.nanoTime();
        if (now - start > limit.toNanos()) {
          return;
        }
        if (now - told > PROGRESS.toNanos()) {
          told = now;
          System.err.printf(
              "  %s: %d of %d classes after %d s%n",
              environment.name(),
              count(SystemTests.CLASS_ENDED),
              classes,
              TimeUnit.NANOSECONDS.toSeconds(now - start));
        }
      }
    }
  }

  private long count(String what) throws IOException {
    long count = 0;
    for (Path log : logs) {
      try (Stream<String> lines = lines(log)) {
        count += lines.filter(line -> line.startsWith(what + " ")).count();
      }
    }
    return count;
  }

  private Outcome outcome(long seconds) throws IOException {
    int passed = 0;
    List<String> failures = new ArrayList<>();
    List<String> skips = new ArrayList<>();
    for (Path log : logs) {
      Set<String> begun = new LinkedHashSet<>();
      boolean ended = false;
      for (String line : (Iterable<String>) lines(log)::iterator) {
        int blank = line.indexOf(' ');
        String rest = line.substring(blank + 1);
        begun.remove(rest.split(": ", 2)[0]);
        switch (line.substring(0, blank)) {
          case SystemTests.BEGUN -> begun.add(rest);
          case SystemTests.PASSED -> passed++;
          case SystemTests.FAILED -> failures.add(rest);
          case SystemTests.SKIPPED -> skips.add(rest);
          case SystemTests.ENDED -> ended = true;
          default -> {}
        }
      }
      if (!ended) {
        failures.add(
            begun.isEmpty()
                ? "the JVM has ended, or never begun: " + log
                : "has not ended: " + String.join(", ", begun));
      }
    }
    return new Outcome(passed, failures, skips, seconds);
  }

  /** Those that {@link SystemTests} has written, without their mark. */
  private static Stream<String> lines(Path log) throws IOException {
    // Tests print what is no UTF-8.
    return Files.readString(log, java.nio.charset.StandardCharsets.ISO_8859_1)
        .lines()
        .filter(line -> line.startsWith(SystemTests.MARK))
        .map(line -> line.substring(SystemTests.MARK.length()));
  }
}
