package io.plainweave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.admission.AdmissionRules;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The code in README.md")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ReadmeTest {
  /** What is between these marks is in README.md, too. */
  private static final Pattern SHOWN =
      Pattern.compile("// shown: begin\n(.*?)// shown: end\n", Pattern.DOTALL);

  /** Stands for the reader's own class. */
  private static final class MyProtocol {
    static void handle(Connection connection) throws Exception {
      connection.input().transferTo(connection.output());
    }
  }

  @Test
  void runsAsItStands() throws Exception {
    // shown: begin
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0))
            .admission(AdmissionRules.DEFAULT.maxConnections(10_000))
            .drainTimeout(Duration.ofSeconds(10))
            .handler(MyProtocol::handle)
            .start()) {
      // shown: end
      try (Client client = new Client(new Socket("localhost", server.port()))) {
        client.exchange("hello\n");
        client.exchange("and again\n");
        client.finish();
        assertEquals("", client.receiveAll());
      }
    }
  }

  @Test
  void isTheCodeOfThisTest() throws Exception {
    String readme = Files.readString(Path.of("../../README.md"));
    String test = Files.readString(Path.of("src/test/java/io/plainweave/ReadmeTest.java"));
    List<String> shown = SHOWN.matcher(test).results().map(match -> match.group(1)).toList();
    for (String code : shown) {
      assertTrue(squeeze(readme).contains(squeeze(code)), () -> "README.md lacks: " + code);
    }
    int echo = 1; // which the tests of the samples look at
    assertEquals(shown.size() + echo, readme.split("```java", -1).length - 1);
  }

  private static String squeeze(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
