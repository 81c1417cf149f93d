package io.plainweave.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.UnixOperatingSystemMXBean;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.admission.AdmissionRules;
import io.plainweave.server.Server;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The list of fifteen thousand connections")
@Tag("machine")
@Timeout(120)
class ManyConnectionsTest {
  private static final int MOST = 15_000;

  private static final String CLIENTS =
      """
      import socket, sys
      held = []
      for i in range(int(sys.argv[2])):
          # To several addresses, since the ports to one of them are limited.
          held.append(socket.create_connection(("127.0.0.%d" % (1 + i % 10), int(sys.argv[1]))))
      sys.stdin.read()
      """;

  @TempDir private Path folder;
  private Guarded guarded;
  private Process clients;
  private int count;

  @BeforeEach
  void connect() throws Exception {
    Programs.need("python3");
    var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    count = (int) Math.min(MOST, system.getMaxFileDescriptorCount() - 2_000);
    guarded =
        Guarded.start(
            Server.builder()
                .handler(Guarded.ECHO)
                .admission(AdmissionRules.DEFAULT.maxConnections(0))
                .timeLimits(TimeLimits.NONE),
            Listen.tcp("0.0.0.0", 0));
    clients =
        new ProcessBuilder(
                "python3", "-c", CLIENTS, String.valueOf(guarded.server.port()), "" + count)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("clients.log").toFile())
            .start();
    await().atMost(Duration.ofSeconds(60)).until(() -> guarded.server.connections() == count);
  }

  @AfterEach
  void end() throws Exception {
    clients.getOutputStream().close();
    assertTrue(clients.waitFor(30, TimeUnit.SECONDS));
    guarded.close();
  }

  @Test
  @Tag("slow")
  void comesAsAStreamWithoutMemoryForIt() throws Exception {
    Path file = folder.resolve("connections.json");
    for (int i = 0; i < 3; i++) {
      long begin = System.nanoTime();
      Programs.curl("-o", file.toString(), guarded.url("/connections"));
      System.err.printf(
          "%,d connections as JSON: %,d bytes in %,d ms%n",
          count, Files.size(file), (System.nanoTime() - begin) / 1_000_000);
    }
    JsonNode all = new ObjectMapper().readTree(file.toFile());
    assertEquals(count, all.findValues("id").size() - 1); // and that of the request
    Programs.curl("-o", file.toString(), guarded.url("/connections?format=text"));
    assertEquals(count + 2, Files.readAllLines(file).size());
    JsonNode oldest =
        new ObjectMapper().readTree(Programs.curl(guarded.url("/connections?sort=age&limit=10")));
    assertEquals(10, oldest.size());
    assertTrue(Programs.curl(guarded.url("/positions")).contains("\"sampled\":2"));
    assertTrue(Programs.curl(guarded.url("/metrics")).contains("\"service\"} " + count + "\n"));
  }
}
