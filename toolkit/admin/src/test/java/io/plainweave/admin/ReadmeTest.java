package io.plainweave.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.server.Server;
import io.plainweave.server.ServerBuilder;
import io.plainweave.server.ServerState;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows, with other ports and paths. */
@DisplayName("The README of the admin listener")
@Timeout(60)
class ReadmeTest {
  private static final Path README = Path.of("README.md");

  /** A handler as there. */
  private static final class Chat {
    static void handle(Connection connection) throws Exception {
      connection.input().transferTo(connection.output());
    }
  }

  private static List<String> commands() throws IOException {
    return Files.readAllLines(README).stream()
        .filter(line -> line.startsWith("    curl "))
        .map(String::strip)
        .toList();
  }

  private static String run(String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-c", command.replace("curl -sS", "curl -sSf --max-time 20"))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), () -> command + ": " + output);
    return output;
  }

  private static int port(Server server) {
    return ((InetSocketAddress) server.addresses().getLast()).getPort();
  }

  @Test
  void hasCommandsThatWork() throws Exception {
    Programs.need("curl");
    List<String> commands = commands();
    assertEquals(13, commands.size());
    ServerBuilder builder = Server.builder().listen(Listen.tcp("localhost", 0), Chat::handle);
    Admin.listen(Listen.tcp("127.0.0.1", 0)).addTo(builder);
    try (Server server = builder.stopOnSignal(false).start()) {
      for (String command : commands) {
        if (command.contains("--unix-socket")) {
          continue;
        }
        try (Socket client = new Socket("localhost", server.port())) {
          client.getOutputStream().write('a');
          assertEquals('a', client.getInputStream().read());
          long id =
              server
                  .live()
                  .connections()
                  .filter(it -> !it.isOf("admin"))
                  .findFirst()
                  .orElseThrow()
                  .id();
          run(command.replace("9900", "" + port(server)).replace("/17", "/" + id));
        }
        if (!command.endsWith("/drain")) {
          await().atMost(Duration.ofSeconds(10)).until(() -> server.connections() == 0);
        }
      }
      assertTrue(server.state().isAtLeast(ServerState.DRAINING));
    }
  }

  @Test
  void hasAPathForTheUserOfTheProcess(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("admin.sock");
    ServerBuilder builder = Server.builder().listen(Listen.tcp("localhost", 0), Chat::handle);
    Admin.listen(Listen.unix(path)).addTo(builder);
    try (Server _ = builder.stopOnSignal(false).start()) {
      String command =
          commands().stream().filter(it -> it.contains("--unix-socket")).findFirst().orElseThrow();
      assertEquals("ready\n", run(command.replace("/run/chat/admin.sock", path.toString())));
    }
  }

  @Test
  void hasTheNamesForWhichOthersAsk() throws Exception {
    ServerBuilder builder = Server.builder().listen(Listen.tcp("localhost", 0), Chat::handle);
    Admin.listen(Listen.tcp(0)).anywhere("chat.default.svc").addTo(builder);
    try (Server server = builder.stopOnSignal(false).start()) {
      String url = "http://127.0.0.1:" + port(server) + "/ready";
      assertEquals("200 ready", Programs.status("-H", "Host: chat.default.svc:9900", url));
      assertTrue(Programs.status("-H", "Host: chat.example.com", url).startsWith("421 "));
    }
  }

  @Test
  void hasTheCodeOfThisTest() throws IOException {
    String readme = Files.readString(README);
    String test = Files.readString(Path.of("src/test/java/io/plainweave/admin/ReadmeTest.java"));
    for (String line : readme.lines().toList()) {
      if (line.startsWith("Admin.listen") || line.startsWith("ServerBuilder")) {
        String here =
            line.replace("7000", "0")
                .replace("9900", "0")
                .replace("Path.of(\"/run/chat/admin.sock\")", "path");
        assertTrue(test.contains("    " + here + "\n"), line);
      }
    }
  }
}
