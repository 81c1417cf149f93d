package io.plainweave.faults;

import static org.awaitility.Awaitility.await;

import io.plainweave.server.Server;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** {@code openssl s_client} as the peer of a server. */
final class OpenSsl implements AutoCloseable {
  private final Process process;
  private final Thread reader;

  /** Guarded by itself. */
  private final StringBuilder output = new StringBuilder();

  private OpenSsl(List<String> command) throws IOException {
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    reader = Thread.startVirtualThread(this::read);
  }

  static OpenSsl connect(Server server, String... options) throws IOException {
    return connect(server.port(), options);
  }

  private static OpenSsl connect(int port, String... options) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("openssl", "s_client", "-connect", "127.0.0.1:" + port, "-crlf"));
    command.addAll(List.of(options));
    return new OpenSsl(command);
  }

  /** Says hello to a server, and returns all that is said until that comes back. */
  static String talk(Server server, String... options) throws Exception {
    return talk(server.port(), options);
  }

  static String talk(int port, String... options) throws Exception {
    try (var client = connect(port, options)) {
      client.sends("hello\n");
      await().until(() -> client.hasEnded() || client.count("\nhello") > 0);
      return client.output();
    }
  }

  private void read() {
    try (InputStream in = process.getInputStream()) {
      byte[] bytes = new byte[4096];
      for (int n; (n = in.read(bytes)) > 0; ) {
        synchronized (output) {
          output.append(new String(bytes, 0, n, StandardCharsets.ISO_8859_1));
        }
      }
    } catch (IOException ended) {
      // The test is over.
    }
  }

  void sends(String text) throws IOException {
    try {
      process.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
      process.getOutputStream().flush();
    } catch (IOException e) {
      if (process.isAlive()) {
        throw e;
      }
    }
  }

  String output() {
    synchronized (output) {
      return output.toString();
    }
  }

  /** How often it has said this. */
  int count(String text) {
    return output().split(text, -1).length - 1;
  }

  /** Waits until it has said this so often. */
  void awaitOutput(String text, int times) {
    await().pollInterval(Duration.ofMillis(10)).until(() -> count(text) >= times);
  }

  boolean hasEnded() {
    return !process.isAlive() && !reader.isAlive();
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly().waitFor();
    reader.join();
  }
}
