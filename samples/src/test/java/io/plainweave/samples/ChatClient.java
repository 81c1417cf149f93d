package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Somebody who chats by a program such as nc, line by line. */
final class ChatClient implements AutoCloseable {
  private static final long SECONDS_TO_WAIT = 10;

  private final Process process;

  /** What the program has printed, line by line, and empty at the end. */
  private final BlockingQueue<Optional<String>> received = new LinkedBlockingQueue<>();

  private ChatClient(Process process) {
    this.process = process;
    Thread.ofPlatform().daemon().start(this::receive);
  }

  static ChatClient nc(int port) throws IOException {
    return start("nc", "127.0.0.1", Integer.toString(port));
  }

  static ChatClient socat(int port) throws IOException {
    return start("socat", "-", "TCP:127.0.0.1:" + port);
  }

  private static ChatClient start(String... command) throws IOException {
    return new ChatClient(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** Gives a name and waits until it is in. */
  ChatClient join(String name, String present) throws IOException, InterruptedException {
    awaitPrompt();
    say(name);
    awaitLine("* " + name + " has joined: " + present);
    return this;
  }

  void awaitPrompt() throws InterruptedException {
    awaitLine("Your name, please (letters, digits, - and _):");
  }

  void say(String line) throws IOException {
    process.outputWriter(UTF_8).append(line).append('\n').flush();
  }

  /** Ends what the user types, without which nc does not end. */
  void finish() throws IOException {
    process.getOutputStream().close();
  }

  /** Waits for the next line, which is to be this one. */
  void awaitLine(String line) throws InterruptedException {
    assertEquals(Optional.of(line), next());
  }

  /** Waits until the program ends because the server has ended the connection. */
  int exitCode() throws InterruptedException {
    if (!process.waitFor(SECONDS_TO_WAIT, TimeUnit.SECONDS)) {
      throw new AssertionError("it has not ended for " + SECONDS_TO_WAIT + " s");
    }
    return process.exitValue();
  }

  /** Waits for the next line, or the end. */
  Optional<String> next() throws InterruptedException {
    Optional<String> line = received.poll(SECONDS_TO_WAIT, TimeUnit.SECONDS);
    if (line == null) {
      throw new AssertionError("nothing has come for " + SECONDS_TO_WAIT + " s");
    }
    return line;
  }

  /** Stops the program from reading, with SIGSTOP. */
  void stopReading() throws IOException, InterruptedException {
    signal("STOP");
  }

  void readAgain() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    String kill = "kill -s " + name + " " + process.pid();
    assertEquals(0, new ProcessBuilder("sh", "-c", kill).inheritIO().start().waitFor(), kill);
  }

  private void receive() {
    try (var lines = process.inputReader(UTF_8)) {
      for (String line; (line = lines.readLine()) != null; ) {
        received.add(Optional.of(line));
      }
    } catch (IOException killed) {
      // The end, as far as the test is concerned.
    }
    received.add(Optional.empty());
  }

  /** Ends it as kill -9 does. */
  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
