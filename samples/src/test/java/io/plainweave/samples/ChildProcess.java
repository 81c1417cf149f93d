package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A process that a test has started and that ends with it, its output in files. */
final class ChildProcess implements AutoCloseable {
  /** Generous: the machine may have other things to do. */
  private static final Duration TO_END = Duration.ofSeconds(20);

  private static final Pattern ABOUT_THE_JDK = Pattern.compile(".* INFO .* this JDK .*\n");

  private final Path folder;
  private final Process process;
  private final Path stdout;
  private final Path stderr;

  private ChildProcess(Path folder, Process process, Path stdout, Path stderr) {
    this.folder = folder;
    this.process = process;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** Starts a command in the folder. */
  static ChildProcess start(Path folder, String... command) throws IOException {
    return start(folder, new ProcessBuilder(command).directory(folder.toFile()));
  }

  /** Starts a process, with files for its output in the folder. */
  static ChildProcess start(Path folder, ProcessBuilder builder) throws IOException {
    Path stdout = Files.createTempFile(folder, "stdout", "");
    Path stderr = Files.createTempFile(folder, "stderr", "");
    // With these set, a JVM says so on stderr.
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().remove("JDK_JAVA_OPTIONS");
    Process process =
        builder.redirectOutput(stdout.toFile()).redirectError(stderr.toFile()).start();
    return new ChildProcess(folder, process, stdout, stderr);
  }

  /** Where its output is, and other files of the test may be. */
  Path folder() {
    return folder;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it has printed up to now. */
  String stdout() throws IOException {
    return Files.readString(stdout);
  }

  /** The same of its errors, but for what a server says of the JDK that the tests run on. */
  String stderr() throws IOException {
    return ABOUT_THE_JDK.matcher(Files.readString(stderr)).replaceAll("");
  }

  /** The time for which it has kept a processor busy, in user and in system mode. */
  Duration processorTime() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  /** Sends a signal by its name without SIG. */
  void signal(String name) throws IOException, InterruptedException {
    Process kill =
        new ProcessBuilder("sh", "-c", "kill -s " + name + " " + pid()).inheritIO().start();
    assertEquals(0, kill.waitFor(), "kill -s " + name);
  }

  /** Ends it as kill -9 does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Waits for its end; fails if it takes too long. */
  int exitCode() throws IOException, InterruptedException {
    return exitCode(TO_END);
  }

  int exitCode(Duration limit) throws IOException, InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("still running after " + limit + "; its stderr:\n" + stderr());
    }
    return process.exitValue();
  }

  /**
   * Ends it; gently first, so that a JVM removes its files from /tmp. A server with clients that do
   * not leave ends at the second SIGTERM.
   */
  @Override
  public void close() throws InterruptedException {
    for (int i = 0; i < 2; i++) {
      process.destroy();
      if (process.waitFor(5, TimeUnit.SECONDS)) {
        return;
      }
    }
    kill();
  }
}
