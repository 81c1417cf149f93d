package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
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
    copy(root, "toolkit/logging/target/classes");
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

  /**
   * The one from which this JVM starts samples, each of which is compiled once there. With an AOT
   * cache, as users have it from their second start on, and since most of a start is saved.
   */
  static Checkout withCache() {
    return Shared.CHECKOUT;
  }

  private static final class Shared {
    static final Checkout CHECKOUT = make();

    private static Checkout make() {
      try {
        Path folder = Files.createTempDirectory("checkouts");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteAll(folder)));
        Checkout checkout = in(folder);
        Path caches = checkout.root.resolve("samples/target/aot");
        ProcessBuilder first =
            new ProcessBuilder(checkout.path("samples/run"), "Echo", "--help")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        first.environment().put("JAVA25_HOME", System.getProperty("java.home"));
        assertEquals(0, first.start().waitFor());
        await()
            .pollInSameThread() // another one would wait for this class
            .atMost(Duration.ofSeconds(150))
            .until(() -> {
              try (var made = Files.newDirectoryStream(caches, "cache-*")) {
                return made.iterator().hasNext();
              }
            });
        return checkout;
      } catch (IOException | InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    private static void deleteAll(Path folder) {
      try (var files = Files.walk(folder)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      } catch (IOException | UncheckedIOException e) {
        // It is the system's to clear its folder for what is temporary.
      }
    }
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
