package io.plainweave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The code in README.md")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ReadmeTest {
  /** Stands for the reader's own class. */
  private static final class MyProtocol {
    static void handle(Connection connection) throws Exception {
      connection.input().transferTo(connection.output());
    }
  }

  @Test
  void runsAsItStands() throws Exception {
    // README: begin
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0))
            .maxConnections(10_000)
            .drainTimeout(Duration.ofSeconds(10))
            .handler(MyProtocol::handle)
            .start()) {
      // README: end
      try (Client client = new Client(new Socket("localhost", server.port()))) {
        client.exchange("hello");
      }
    }
  }

  @Test
  void isTheCodeOfThisTest() throws Exception {
    String readme = squeeze(Files.readString(Path.of("../README.md")));
    String test = Files.readString(Path.of("src/test/java/io/plainweave/ReadmeTest.java"));
    List<String> lines = test.lines().toList();
    String shown =
        squeeze(
            String.join(
                "\n",
                lines.subList(
                    lines.indexOf("    // README: begin") + 1,
                    lines.indexOf("      // README: end"))));
    assertTrue(readme.contains(shown), () -> "README.md lacks: " + shown);
    assertEquals(1, readme.split("Server\\.builder\\(\\)", -1).length - 1);
  }

  private static String squeeze(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
