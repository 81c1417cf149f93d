package io.plainweave.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.logging.ConnectionConverter;
import io.plainweave.server.Server;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A program with a server, in a JVM of its own, and a client at whose request the server is.
 *
 * @param process the JVM
 * @param output the file into which it writes what it says
 * @param client has sent the first half of a line
 */
record Program(Process process, Path output, Socket client) implements AutoCloseable {
  /** Generous: the machine may have other things to do, and Spring Boot takes its time. */
  private static final Duration SOON = Duration.ofSeconds(50);

  private static final Pattern LISTENING = Pattern.compile("(?m)listening on (?:\\S+:)?(\\d+)$");

  /** Starts a program that takes the port as its argument. */
  static Program start(Path folder, List<Path> classPath, Class<?> main, String argument)
      throws IOException, URISyntaxException {
    Stream<Path> own =
        Stream.of(Path.of("target/classes"), place(Server.class), place(ConnectionConverter.class));
    List<String> all = Stream.concat(own, classPath.stream()).map(Path::toString).toList();
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                String.join(File.pathSeparator, all),
                main.getName(),
                argument)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean complete = false;
    try {
      Matcher listening = find(process, output, LISTENING);
      var client = new Socket("localhost", Integer.parseInt(listening.group(1)));
      client.setSoTimeout((int) SOON.toMillis());
      complete = true;
      return new Program(process, output, client).beginsToAsk();
    } finally {
      if (!complete) {
        process.destroyForcibly();
      }
    }
  }

  /** The folder or jar of a class of the toolkit. */
  private static Path place(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static Matcher find(Process process, Path output, Pattern pattern) throws IOException {
    await()
        .atMost(SOON)
        .failFast("it has ended", () -> !process.isAlive())
        .untilAsserted(() -> {
          String text = Files.readString(output);
          assertTrue(pattern.matcher(text).find(), text);
        });
    Matcher found = pattern.matcher(Files.readString(output));
    assertTrue(found.find());
    return found;
  }

  /** Lets the handler answer one line, and come to the middle of the next. */
  private Program beginsToAsk() throws IOException {
    client.getOutputStream().write("first\nsec".getBytes(UTF_8));
    assertNotEquals(-1, client.getInputStream().read());
    return this;
  }

  /** Sends SIGTERM; that of {@link Process} would close the standard input, too. */
  void terminate() {
    assertTrue(process.toHandle().destroy());
  }

  /** Sends the rest when the drain has begun, and returns all that was answered. */
  String asksToTheEnd() throws IOException {
    find(process, output, Pattern.compile("draining 1 connections"));
    client.getOutputStream().write("ond\n".getBytes(UTF_8));
    return new BufferedReader(new InputStreamReader(client.getInputStream(), UTF_8))
        .readAllLines()
        .getLast();
  }

  /** Waits for its end, before which it must have said all this, in this order. */
  void ends(int exitCode, String... said) throws IOException, InterruptedException {
    assertTrue(process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS), "still running");
    String text = Files.readString(output);
    int from = 0;
    for (String part : said) {
      from = text.indexOf(part, from);
      assertTrue(from >= 0, "'" + part + "' is missing, or comes too early:\n" + text);
    }
    assertEquals(exitCode, process.exitValue(), text);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    client.close();
    process.destroyForcibly().waitFor();
  }
}
