package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A server of samples/models, started as the header of its file says.
 *
 * @param checkout where it runs, alone
 * @param process the server, or the first process of several
 * @param port where it listens
 */
record ModelProcess(Checkout checkout, ChildProcess process, int port) implements AutoCloseable {
  private static final Pattern LISTENING =
      Pattern.compile("[Ll]istening on (?:port |\\S+:)(\\d+).*\n");

  private static final Pattern WORKER = Pattern.compile("worker (\\d+) listening on .*\n");

  /** Starts {@code java samples/models/NAME.java ARGUMENTS} and waits until it listens. */
  static ModelProcess start(Checkout checkout, String name, String arguments)
      throws IOException, InterruptedException {
    return listening(checkout, launch(checkout, command(name, arguments)));
  }

  /** Waits until the process, or the first one of several, has said where it listens. */
  static ModelProcess listening(Checkout checkout, ChildProcess process)
      throws IOException, InterruptedException {
    boolean listening = false;
    try {
      var model = new ModelProcess(checkout, process, 0);
      await()
          .pollInterval(Duration.ofMillis(20))
          .atMost(Duration.ofSeconds(30))
          .until(() -> LISTENING.matcher(model.output()).find() || !process.isAlive());
      Matcher line = LISTENING.matcher(model.output());
      assertTrue(line.find(), model.output());
      listening = true;
      return new ModelProcess(checkout, process, Integer.parseInt(line.group(1)));
    } finally {
      if (!listening) {
        process.kill();
      }
    }
  }

  /** Starts a command where it may have no reason to listen. */
  static ChildProcess launch(Checkout checkout, String command) throws IOException {
    return ChildProcess.start(checkout.root().getParent(), checkout.command(command));
  }

  /** The command in the header that begins with java, with these arguments. */
  static String command(String name, String arguments) throws IOException {
    String command = header(name, "java ");
    return command.substring(0, command.indexOf('[')) + arguments;
  }

  /** The one command in the header of a model that begins so. */
  static String header(String name, String beginning) throws IOException {
    String indented = "//   " + beginning;
    List<String> commands =
        Files.readAllLines(Checkout.original("samples/models/" + name + ".java")).stream()
            .filter(line -> line.startsWith(indented))
            .toList();
    assertEquals(1, commands.size(), () -> "commands in " + name + ".java like: " + beginning);
    return commands.getFirst().substring(5);
  }

  /** What it has printed, and then its errors: a model says what happens in either. */
  String output() throws IOException {
    return process.stdout() + process.stderr();
  }

  /** The workers of Prefork that have said that they listen, and live. */
  Set<Long> workers() throws IOException {
    return WORKER
        .matcher(process.stderr())
        .results()
        .map(worker -> Long.valueOf(worker.group(1)))
        .filter(pid -> ProcessHandle.of(pid).isPresent())
        .collect(Collectors.toSet());
  }

  void awaitWorkers(int expected) {
    await("workers").atMost(Duration.ofSeconds(30)).until(() -> workers().size() == expected);
  }

  /** The names of its threads, as the operating system knows them: their first 15 characters. */
  List<String> threads() throws IOException {
    try (var threads = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/task"))) {
      List<String> names = new ArrayList<>();
      for (Path thread : threads) {
        try {
          names.add(Files.readString(thread.resolve("comm")).strip());
        } catch (NoSuchFileException e) {
          // It has ended meanwhile.
        }
      }
      return names;
    }
  }

  /** A client that waits long enough for a process to be started for it. */
  Client connect() throws IOException {
    Client client = Client.connect(port);
    client.socket().setSoTimeout(30_000);
    return client;
  }

  /** Sends SIGTERM, and fails unless it ends in order and nothing of it is left. */
  void assertEndsAtSigterm() throws IOException, InterruptedException {
    process.signal("TERM");
    assertEquals(143, process.exitCode(), process.stderr());
    assertFalse(process.stderr().contains("\tat "), process.stderr());
    await("the end of its processes")
        .atMost(Duration.ofSeconds(20))
        .until(() -> checkout.processes().isEmpty());
    new ServerSocket(port).close();
  }

  /** Ends it with all of its processes. */
  @Override
  public void close() throws InterruptedException {
    process.close();
    checkout.processes().forEach(ProcessHandle::destroyForcibly);
  }
}
