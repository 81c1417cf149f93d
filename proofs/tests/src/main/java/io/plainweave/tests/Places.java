package io.plainweave.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where things are.
 *
 * @param home of this module
 * @param core the module that is looked at
 * @param classes what its sources have become
 */
record Places(Path home, Path core, Path classes) {
  static Places ofThisRun() {
    Path home = Path.of(System.getProperty("tests.home"));
    Path root = home.getParent().getParent();
    return new Places(
        home, root.resolve("toolkit/core"), Path.of(System.getProperty("tests.classes")));
  }

  /** Runs Java as the tests do, in the folder of their module; returns the exit code. */
  int java(Path log, List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(arguments);
    Files.createDirectories(log.getParent());
    Process process =
        new ProcessBuilder(command)
            .directory(core.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      return process.waitFor();
    } finally {
      process.destroy();
    }
  }

  static List<String> jvmOptions() {
    return List.of(
        "--add-opens", "java.base/java.lang=ALL-UNNAMED",
        "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
  }

  static String classPath() {
    return System.getProperty("java.class.path");
  }

  /** A library on the class path. */
  static String library(String name) {
    return Arrays.stream(classPath().split(":"))
        .filter(path -> Path.of(path).getFileName().toString().startsWith(name))
        .findFirst()
        .orElseThrow();
  }

  Path log(String name) {
    return home.resolve("target/logs").resolve(name + ".log");
  }

  /** One that is not there: the runs of a day do not take each other's place. */
  Path resultFile(String command) throws IOException {
    Path results = Files.createDirectories(home.resolveSibling("results"));
    String day = LocalDate.now(ZoneOffset.UTC) + "-" + command;
    Path file = results.resolve(day + ".txt");
    for (int i = 2; Files.exists(file); i++) {
      file = results.resolve(day + "-" + i + ".txt");
    }
    return file;
  }

  static String head(String command) {
    return "proofs/run %s, on %s, JDK %s, %d processors%n%n"
        .formatted(
            command,
            LocalDate.now(ZoneOffset.UTC),
            Runtime.version(),
            Runtime.getRuntime().availableProcessors());
  }
}
