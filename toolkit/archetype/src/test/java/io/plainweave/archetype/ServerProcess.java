package io.plainweave.archetype;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The server of a generated project, in a process of its own. */
final class ServerProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Pattern PLACE = Pattern.compile("(?m)^listening on (.*):(\\d+)$");

  private final Process process;
  private final Path output;
  private final boolean behindAnother;

  /** Where it listens, then where its operators ask. */
  private final List<Integer> ports = new ArrayList<>();

  private final List<String> hosts = new ArrayList<>();

  private ServerProcess(Process process, Path output, boolean behindAnother) {
    this.process = process;
    this.output = output;
    this.behindAnother = behindAnother;
  }

  /** Starts a process that becomes the server. */
  static ServerProcess start(Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    return start(folder, environment, command, false);
  }

  /** Starts a process whose only child becomes the server. */
  static ServerProcess startBehind(
      Path folder, Map<String, String> environment, List<String> command) throws IOException {
    return start(folder, environment, command, true);
  }

  private static ServerProcess start(
      Path folder, Map<String, String> environment, List<String> command, boolean behindAnother)
      throws IOException {
    Path output = Files.createTempFile("server", ".log");
    var builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    var server = new ServerProcess(builder.start(), output, behindAnother);
    boolean serves = false;
    try {
      server.awaitPorts();
      serves = true;
      return server;
    } finally {
      if (!serves) {
        server.close();
      }
    }
  }

  private void awaitPorts() {
    await()
        .atMost(PATIENCE)
        .until(() -> {
          String said = said();
          assertTrue(process.isAlive(), said);
          return PLACE.matcher(said).results().count() == 2;
        });
    PLACE
        .matcher(said())
        .results()
        .forEach(place -> {
          hosts.add(place.group(1));
          ports.add(Integer.parseInt(place.group(2)));
        });
  }

  /** The standard output and the log. */
  String said() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** At which addresses it listens, and its operators ask. */
  List<String> hosts() {
    return hosts;
  }

  HttpResponse<String> ask(String path) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://127.0.0.1:" + ports.getLast() + path);
      HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
      return client.send(request, BodyHandlers.ofString());
    }
  }

  private int status(String path) throws IOException, InterruptedException {
    return ask(path).statusCode();
  }

  /**
   * Talks to it, asks for its state, and tells it to end while a request is on its way: that has to
   * be answered, and the server to end in order.
   */
  void talkAndDrain() throws IOException, InterruptedException {
    try (var client = new Socket("127.0.0.1", ports.getFirst());
        var answers =
            new BufferedReader(new InputStreamReader(client.getInputStream(), US_ASCII))) {
      client.setSoTimeout(20_000);
      send(client, "ADD 2\nHELP\n");
      assertEquals("OK 2", answers.readLine());
      assertEquals("ERROR ADD NUMBER or TOTAL", answers.readLine());
      assertEquals(200, status("/live"));
      assertEquals(200, status("/ready"));
      String metrics = ask("/metrics").body();
      assertTrue(metrics.contains("plainweave_connections_accepted_connections_total"), metrics);
      assertEquals(200, status("/threads"));

      send(client, "ADD 3");
      await()
          .atMost(PATIENCE)
          .until(() -> ask("/connections").body().toLowerCase().contains("in_message"));
      terminate();
      await().atMost(PATIENCE).until(() -> status("/ready") == 503);
      assertEquals(200, status("/live"));
      send(client, "\n");
      assertEquals("OK 5", answers.readLine());
      assertEquals(null, answers.readLine());
    }
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), () -> "still running\n" + said());
    assertEquals(143, process.exitValue(), this::said);
    assertTrue(
        said().contains("drained: 1 connections have finished, 0 were cancelled"), this::said);
  }

  private static void send(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(US_ASCII));
  }

  private void terminate() {
    ProcessHandle server =
        behindAnother ? process.children().findFirst().orElseThrow() : process.toHandle();
    assertTrue(server.destroy());
  }

  @Override
  public void close() throws IOException {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.delete(output);
  }
}
