package io.plainweave.samples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What anybody may do to a sample, whatever it speaks; it serves others afterwards, and ends. */
@DisplayName("A sample")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class SampleFaultsTest {
  private static final int SIGTERM = 128 + 15;
  private static final int MEGABYTE = 1024 * 1024;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Echo",
        "Chat",
        "Redis",
        "Http FILES",
        "WebSocket",
        "Socks5 RULES",
        "ClusterChat node 127.0.0.1:1",
        "Game"
      })
  void survivesWhatAnybodyMaySend(String sample) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(sample.split(" ")));
    arguments.replaceAll(this::file);
    arguments.add("0");
    try (SampleProcess server = SampleProcess.start(folder, arguments.toArray(String[]::new))) {
      send(server, random());
      send(server, line());
      send(server, new byte[0]);
      try (Socket reset = new Socket("127.0.0.1", server.port())) {
        write(reset, Arrays.copyOf(random(), 1000));
        reset.setSoLinger(true, 0);
      }
      try (Socket stopped = new Socket("127.0.0.1", server.port());
          Socket begun = new Socket("127.0.0.1", server.port())) {
        // Reads nothing. What the buffers of the sockets hold, the server takes at once.
        stopped.getOutputStream().write(Arrays.copyOf(random(), 10_000));
        begun.getOutputStream().write('G');
        server.process().signal("TERM");
        await().until(() -> Client.isRefused(server.port()));
      } // and lets the drain come to its end
      assertEquals(SIGTERM, server.process().exitCode());
      String log = server.process().stderr();
      assertFalse(log.contains("Exception") || log.contains("ERROR"), log);
    }
  }

  private String file(String word) {
    try {
      return switch (word) {
        case "FILES" -> Files.createDirectories(folder.resolve("files")).toString();
        case "RULES" -> Files.writeString(folder.resolve("rules"), "deny *\n").toString();
        default -> word;
      };
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Sends, finishes, and takes what comes until the end, be it a reset. */
  private static void send(SampleProcess server, byte[] bytes) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.setSoTimeout(30_000);
      Thread reader =
          Thread.startVirtualThread(() -> {
            try {
              socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (IOException reset) {
              // As good an end as any.
            }
          });
      write(socket, bytes);
      assertTrue(reader.join(Duration.ofSeconds(30)), "it does not end the connection");
    }
  }

  /** Writes all of it, or as much as the server takes. */
  private static void write(Socket socket, byte[] bytes) throws IOException {
    try {
      socket.getOutputStream().write(bytes);
      socket.shutdownOutput();
    } catch (SocketException reset) {
      // It has had enough.
    }
  }

  private static byte[] random() {
    var bytes = new byte[MEGABYTE];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static byte[] line() {
    var bytes = new byte[MEGABYTE];
    Arrays.fill(bytes, "x".getBytes(US_ASCII)[0]);
    return bytes;
  }
}
