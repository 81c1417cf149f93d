package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A sample that runs and listens.
 *
 * @param process the sample's JVM: the launcher becomes it, by exec
 * @param port where it listens; 0 if that is a path
 */
record SampleProcess(ChildProcess process, int port) implements AutoCloseable {
  /** The JDK of the tests, which is a JDK 25 or later. */
  private static final Path JDK = Path.of(System.getProperty("java.home"));

  private static final Pattern LISTENING =
      Pattern.compile("(?:listening on (?:unix:\\S+|\\S+:(\\d+))\n)+");

  private static final Pattern THREADS = Pattern.compile("\"tid\":");

  /** Launches {@code samples/run ARGUMENTS} in the folder, and waits until it listens. */
  static SampleProcess start(Path folder, String... arguments)
      throws IOException, InterruptedException {
    return startUnder(List.of(), folder, arguments);
  }

  /** As start, with a command before it that becomes the launcher, as prlimit does. */
  static SampleProcess startUnder(List<String> prefix, Path folder, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(samplesRun(folder, arguments));
    return listening(launch(folder, command));
  }

  /** Launches {@code samples/run ARGUMENTS} where it may have no reason to listen. */
  static ChildProcess launch(Path folder, String... arguments) throws IOException {
    return launch(folder, samplesRun(folder, arguments));
  }

  static ChildProcess launch(Path folder, List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("JAVA25_HOME", JDK.toString());
    return ChildProcess.start(folder, builder);
  }

  private static List<String> samplesRun(Path folder, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Checkout.withCache().path("samples/run"));
    command.addAll(List.of(arguments));
    return command;
  }

  /** A program of the JDK of the tests. */
  static String jdkProgram(String name) {
    return JDK.resolve("bin").resolve(name).toString();
  }

  /** Waits until the process has said where it listens. */
  static SampleProcess listening(ChildProcess process) throws IOException, InterruptedException {
    boolean listening = false;
    try {
      await()
          .pollInterval(Duration.ofMillis(20))
          .atMost(Duration.ofSeconds(60))
          .until(() -> process.stdout().endsWith("\n") || !process.isAlive());
      Matcher line = LISTENING.matcher(process.stdout());
      if (!line.matches()) {
        throw new AssertionError(
            "it does not listen; stdout:\n" + process.stdout() + "\nstderr:\n" + process.stderr());
      }
      listening = true;
      String port = line.group(1);
      return new SampleProcess(process, port == null ? 0 : Integer.parseInt(port));
    } finally {
      if (!listening) {
        process.kill();
      }
    }
  }

  /** The number of its open descriptors. */
  int descriptors() throws IOException {
    try (var open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      return (int) open.count();
    }
  }

  /** The number of threads that serve a connection. */
  long connections() throws IOException, InterruptedException {
    return threads("io.plainweave.internal.connection.SocketConnection.");
  }

  /** The number of connections that cannot go on before their peer reads. */
  long blockedConnections() throws IOException, InterruptedException {
    return threads(
        "io.plainweave.internal.transport.PolledChannel.awaitWritable(", "\"state\": \"WAITING\"");
  }

  void awaitConnections(int expected) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertEquals(expected, connections(), "connections"));
  }

  void awaitBlockedConnections(int expected) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertEquals(expected, blockedConnections(), "blocked connections"));
  }

  /** Counts the threads of which a dump says all of this, as an operator would. */
  private long threads(String... properties) throws IOException, InterruptedException {
    Path dump = process.folder().resolve("threads.json");
    Files.deleteIfExists(dump);
    try (ChildProcess jcmd =
        ChildProcess.start(
            process.folder(),
            jdkProgram("jcmd"),
            Long.toString(process.pid()),
            "Thread.dump_to_file",
            "-format=json",
            dump.toString())) {
      assertEquals(0, jcmd.exitCode(), "jcmd");
    }
    return THREADS
        .splitAsStream(Files.readString(dump))
        .filter(thread -> Stream.of(properties).allMatch(thread::contains))
        .count();
  }

  @Override
  public void close() throws InterruptedException {
    process.close();
  }
}
