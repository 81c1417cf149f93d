package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;

/**
 * Programs of Node.js, with the packages that {@code package-lock.json} names.
 *
 * @param folder where both are
 * @param output for what they print
 */
record NodePrograms(Path folder, Path output) {
  private static final Path SOURCES = Path.of("src/test/node");
  private static final Duration TO_INSTALL = Duration.ofMinutes(4);

  /**
   * Installs them, unless an earlier run has done so with the same packages. Skips the test where
   * that is impossible, and fails it in CI.
   *
   * @param output for what they and npm print
   */
  static NodePrograms install(Path output) throws Exception {
    Programs.need("node", "npm");
    Path folder = Files.createDirectories(Path.of("target/node"));
    Path lock = folder.resolve("package-lock.json");
    // npm writes it when all is there.
    boolean isInstalled =
        Files.exists(folder.resolve("node_modules/.package-lock.json"))
            && Files.exists(lock)
            && Files.mismatch(lock, SOURCES.resolve("package-lock.json")) == -1;
    try (var sources = Files.list(SOURCES)) {
      for (Path source : sources.toList()) {
        Path copy = folder.resolve(source.getFileName());
        Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    if (!isInstalled) {
      var npm = new ProcessBuilder("npm", "ci", "--ignore-scripts").directory(folder.toFile());
      try (ChildProcess installing = ChildProcess.start(output, npm)) {
        int exitCode = installing.exitCode(TO_INSTALL);
        String why = "npm cannot install the clients: " + installing.stderr();
        assumeTrue(exitCode == 0 || Programs.isCi(), why);
        assertEquals(0, exitCode, why);
      }
    }
    return new NodePrograms(folder, output);
  }

  /** Starts a program with what it is to do, and where. */
  ChildProcess start(String program, String scenario, int port) throws IOException {
    List<String> command = List.of("node", program, scenario, Integer.toString(port));
    return ChildProcess.start(output, new ProcessBuilder(command).directory(folder.toFile()));
  }
}
