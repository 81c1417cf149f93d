package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;

/** A client in a process of its own, to be killed. */
record Netcat(Process process) implements AutoCloseable {
  static Netcat connect(int port) throws IOException {
    return connect(port, Redirect.PIPE);
  }

  /** Sends without end. Nobody reads what it prints, so it soon reads no more itself. */
  static Netcat connectAndFlood(int port) throws IOException {
    return connect(port, Redirect.from(Path.of("/dev/zero").toFile()));
  }

  private static Netcat connect(int port, Redirect input) throws IOException {
    return new Netcat(
        new ProcessBuilder("nc", "127.0.0.1", Integer.toString(port)).redirectInput(input).start());
  }

  /** Sends a text and waits for it to come back. */
  void exchange(String text) throws IOException {
    process.outputWriter(US_ASCII).append(text).flush();
    byte[] back = process.getInputStream().readNBytes(text.length());
    assertEquals(text, new String(back, US_ASCII));
  }

  /** Ends it as kill -9 does. */
  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
