package io.plainweave.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.internal.thread.JdkModules;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A server in a process of its own, to which anything may be done: limits, signals, injected
 * failures. It ends with its test.
 */
final class FaultServer implements AutoCloseable {
  private static final Duration TO_ANSWER = Duration.ofSeconds(60);

  /** How a process is to be started. */
  static final class Launch {
    private final List<String> prefix = new ArrayList<>();
    private final List<String> jvm = new ArrayList<>();
    private final List<String> options = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private ProcessBuilder.Redirect stderr;
    private boolean reachable = true;

    /** A command that becomes the JVM, as prlimit does. */
    Launch under(String... command) {
      prefix.addAll(List.of(command));
      return this;
    }

    Launch jvm(String... flags) {
      jvm.addAll(List.of(flags));
      return this;
    }

    /** Options of {@link FaultServerMain}, as in {@code idle=500}. */
    Launch with(String... more) {
      options.addAll(List.of(more));
      return this;
    }

    Launch environment(String name, String value) {
      environment.put(name, value);
      return this;
    }

    Launch stderr(ProcessBuilder.Redirect to) {
      stderr = to;
      return this;
    }

    /** In a network namespace: the test itself cannot connect. */
    Launch in(Network.Host host) {
      reachable = false;
      return under(host.prefix()).with("any=1");
    }

    FaultServer start() throws IOException, InterruptedException {
      // By which its threads and descriptors are counted.
      Machine.needsProc();
      Machine.needs(JdkModules.MANAGEMENT, "there is no module jdk.management");
      return new FaultServer(this);
    }
  }

  /**
   * Names with their numbers. A warning of the JVM may have a "=" as well, and comes at any time.
   */
  private static final Pattern ANSWER = Pattern.compile("\\S+=-?\\d+( \\S+=-?\\d+)*");

  private final Process process;
  private final Path stderr;
  private final Writer commands;
  private final boolean reachable;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final int port;

  private FaultServer(Launch launch) throws IOException, InterruptedException {
    reachable = launch.reachable;
    stderr = Files.createTempFile("faults", ".stderr");
    List<String> command = new ArrayList<>(launch.prefix);
    // A shell starts what it puts into the background with SIGINT ignored, and the JVM leaves it
    // so.
    command.addAll(List.of("env", "--default-signal=INT"));
    List<String> flags = new ArrayList<>();
    // On event loops, or not, as the servers of these tests.
    if (Object.class.getModule().isOpen("java.lang", FaultServer.class.getModule())) {
      flags.addAll(JavaProgram.OPENS_LANG);
    }
    flags.addAll(launch.jvm);
    command.addAll(JavaProgram.command(FaultServerMain.class, flags));
    command.addAll(launch.options);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(launch.environment);
    builder.redirectError(
        launch.stderr == null ? ProcessBuilder.Redirect.to(stderr.toFile()) : launch.stderr);
    process = builder.start();
    commands = process.outputWriter(StandardCharsets.US_ASCII);
    Thread.ofVirtual().start(this::readAnswers);
    boolean started = false;
    try {
      port = answer().get("port").intValue();
      started = true;
    } finally {
      if (!started) {
        close();
      }
    }
  }

  static Launch launch() {
    return new Launch();
  }

  private void readAnswers() {
    var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    try (lines) {
      for (String line; (line = lines.readLine()) != null; ) {
        if (ANSWER.matcher(line).matches()) {
          answers.add(line);
        } else {
          // No answer, but what the JVM prints by itself, such as a warning.
          System.err.println("printed by the server: " + line);
        }
      }
    } catch (IOException ended) {
      // The process is gone.
    }
  }

  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** The counts of {@link FaultServerMain}; what was never counted is missing. */
  Map<String, Long> counts() throws InterruptedException {
    return ask("counts");
  }

  long count(String name) throws InterruptedException {
    return ask(name.equals("threads") ? "counts" : "events").getOrDefault(name, 0L);
  }

  Map<String, Long> ask(String command) throws InterruptedException {
    tell(command);
    return answer();
  }

  /** Gives a command whose answer comes later. */
  void tell(String command) {
    try {
      commands.write(command + "\n");
      commands.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("the server has ended: " + stderr(), e);
    }
  }

  Map<String, Long> answer() throws InterruptedException {
    String line = null;
    long end = System.nanoTime() + TO_ANSWER.toNanos();
    while (line == null && System.nanoTime() < end && (process.isAlive() || !answers.isEmpty())) {
      line = answers.poll(100, TimeUnit.MILLISECONDS);
    }
    if (line == null) {
      throw new AssertionError("no answer from the server; its stderr:\n" + stderr());
    }
    Map<String, Long> values = new HashMap<>();
    for (String word : line.split(" ")) {
      values.put(word.substring(0, word.indexOf('=')), Long.valueOf(word.split("=")[1]));
    }
    return values;
  }

  /** Waits until a count has reached a value. */
  void awaitCount(String name, long value) {
    await(name).atMost(Duration.ofSeconds(30)).until(() -> count(name), it -> it >= value);
  }

  /** The number of open descriptors, without those by which it looks at the kernel's tables. */
  int descriptors() {
    try (var open = Files.list(Path.of("/proc/" + pid() + "/fd"))) {
      return (int) open.filter(file -> !isTable(file)).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isTable(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).startsWith("/proc");
    } catch (IOException closedMeanwhile) {
      return true;
    }
  }

  /** For how long it has kept a processor busy. */
  Duration processorTime() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  String stderr() {
    try {
      return Files.readString(stderr);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Stops the process; when this returns, all of its threads stand. */
  void stop() throws IOException, InterruptedException {
    signal("STOP");
    await().atMost(Duration.ofSeconds(10)).until(this::allThreadsAreStopped);
  }

  private boolean allThreadsAreStopped() throws IOException {
    try (var threads = Files.list(Path.of("/proc/" + pid() + "/task"))) {
      return threads.allMatch(thread -> state(thread.resolve("stat")) == 'T');
    }
  }

  private static char state(Path stat) {
    try {
      // Behind the name, which is in parentheses and may have any in it (proc(5)).
      String line = Files.readString(stat);
      return line.charAt(line.lastIndexOf(')') + 2);
    } catch (IOException ended) {
      return 'T';
    }
  }

  void signal(String name) throws IOException, InterruptedException {
    Machine.run("kill", "-s", name, Long.toString(pid()));
  }

  int exitCode() throws InterruptedException {
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running");
    return process.exitValue();
  }

  /** Connects, or cannot: then the server is a client of itself. */
  void serveAFreshClient() throws IOException, InterruptedException {
    if (!reachable) {
      if (ask("fresh").get("served") != 1) {
        throw new IOException("the server does not serve itself");
      }
      return;
    }
    try (Peer peer = Peer.connect(this)) {
      peer.asks(Behaviour.ECHO).exchange("hello");
      peer.finish();
      peer.receiveAll();
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroyForcibly().waitFor();
    Files.deleteIfExists(stderr);
  }
}
