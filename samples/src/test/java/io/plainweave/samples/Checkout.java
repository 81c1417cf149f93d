package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A copy of what is run from source and of what Maven has built, which looks as .ci/build leaves
 * it: the launchers find nothing to build, so no second Maven runs in the middle of the one that
 * runs the tests.
 *
 * @param root the folder; there is a space in its name
 */
record Checkout(Path root) {
  /**
   * A sample is compiled when it starts, and runs for a moment: the optimising compiler would cost
   * more than it gains.
   */
  private static final String FOR_SHORT_RUNS = "-XX:TieredStopAtLevel=1";

  /**
   * What PLAINWEAVE_AOT is in a test that is not about the cache: each checkout would train one,
   * for a start or two.
   */
  static final String WITHOUT_CACHE = "off";

  private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();

  static Checkout in(Path folder) throws IOException {
    Path root = Files.createTempDirectory(folder, "a checkout ");
    copy(root, ".ci");
    copy(root, "toolkit/core/target/classes");
    copy(root, "loadtests/run");
    copy(root, "samples/run");
    copy(root, "samples/run.args");
    Files.writeString(
        root.resolve("samples/run.args"), FOR_SHORT_RUNS + "\n", StandardOpenOption.APPEND);
    copy(root, "samples/models");
    copy(root, "samples/resources");
    copy(root, "samples/target/classes/io");
    copy(root, "samples/target/lib");
    try (var samples = Files.newDirectoryStream(original("samples"), "*.java")) {
      for (Path sample : samples) {
        copy(root, "samples/" + sample.getFileName());
      }
    }
    Files.createFile(root.resolve("samples/target/.built"));
    Path java = Files.createDirectory(root.resolve("bin")).resolve("java");
    Files.writeString(
        java,
        "#!/bin/sh\nexec '%s' %s \"$@\"\n"
            .formatted(SampleProcess.jdkProgram("java"), FOR_SHORT_RUNS));
    assertTrue(java.toFile().setExecutable(true));
    return new Checkout(root);
  }

  static Path original(String path) {
    return REPOSITORY.resolve(path);
  }

  String path(String path) {
    return root.resolve(path).toString();
  }

  /** A command of a user in the root, who has the JDK of the tests first on the PATH. */
  ProcessBuilder command(String line) {
    var builder = new ProcessBuilder("sh", "-c", "exec " + line).directory(root.toFile());
    builder.environment().put("PLAINWEAVE_AOT", WITHOUT_CACHE);
    builder
        .environment()
        .merge("PATH", path("bin"), (path, bin) -> bin + File.pathSeparator + path);
    return builder;
  }

  /** The processes that were started in the root and have not ended. */
  List<ProcessHandle> processes() {
    return ProcessHandle.allProcesses().filter(this::isInRoot).toList();
  }

  private boolean isInRoot(ProcessHandle process) {
    try {
      return Files.isSameFile(Path.of("/proc/" + process.pid() + "/cwd"), root);
    } catch (IOException | SecurityException endedOrOfAnotherUser) {
      return false;
    }
  }

  /** Copies a file, or a folder and all in it. */
  private static void copy(Path root, String path) throws IOException {
    Files.createDirectories(root.resolve(path).getParent());
    try (var files = Files.walk(original(path))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path copy = root.resolve(REPOSITORY.relativize(file));
        Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }
}
