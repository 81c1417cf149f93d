package io.plainweave.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.TimeLimits;
import io.plainweave.framing.Lines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisplayName("The guide to tests of one's own protocol")
@Timeout(30)
class GuideTest {
  // @start region="protocol"
  /** Adds up what a client names: "ADD 2" is answered by "OK 2", and then "ADD 3" by "OK 5". */
  static final class Adder {
    private static final int LONGEST = 80;

    static void serve(Connection connection) throws IOException {
      Lines lines = Lines.crlf(connection, LONGEST);
      long sum = 0;
      for (String line; (line = lines.read()) != null; ) {
        if (line.matches("ADD \\d{1,9}")) {
          sum += Long.parseLong(line.substring(4));
          lines.write("OK " + sum);
        } else {
          lines.write("ERROR what is " + line + "?");
        }
      }
      lines.write("BYE " + sum);
    }
  }

  // @end

  @Test
  void servesInMemory() throws Exception {
    // @start region="server"
    try (var server = TestServer.inMemory().handler(Adder::serve).start();
        var peer = server.peer()) {
      peer.send("ADD 2\r\n").expect("OK 2\r\n");
    }
    // @end
  }

  @Test
  void followsAScript() throws Exception {
    // @start region="peer"
    try (var server = TestServer.inMemory().handler(Adder::serve).start();
        var peer = server.peer()) {
      peer.send("ADD 2\r\n").expect("OK 2\r\n");
      peer.send("SUB 2\r\n").expect("ERROR …");
      peer.halfClose().expect("BYE 2\r\n").expectEnd();
    }
    // @end
  }

  @Test
  void reachesALimitOfAnHourAtOnce() throws Exception {
    // @start region="clock"
    var clock = new TestClock();
    var limits = TimeLimits.DEFAULT.firstByte(Duration.ZERO).idle(Duration.ofHours(1));
    try (var server =
            TestServer.inMemory().clock(clock).timeLimits(limits).handler(Adder::serve).start();
        var peer = server.peer()) {
      peer.send("ADD 2\r\n").expect("OK 2\r\n");
      clock.advance(Duration.ofMinutes(59));
      peer.send("ADD 3\r\n").expect("OK 5\r\n");
      clock.advance(Duration.ofHours(1));
      peer.expect("BYE 5\r\n").expectEnd();
    }
    // @end
  }

  @Test
  void joinsTwoConnections() throws Exception {
    // @start region="pair"
    try (var pair = ConnectionPair.open()) {
      pair.first().output().write("a line\r\n".getBytes(UTF_8));
      pair.first().finishOutput();
      Lines lines = Lines.crlf(pair.second(), 80);
      assertEquals("a line", lines.read());
      assertEquals(null, lines.read());
    }
    // @end
  }

  @Test
  void cutsTheInputInEveryWay() throws Exception {
    // @start region="split"
    EverySplit.of(connection -> Lines.crlf(connection, 80)::read)
        .message("ADD 2\r\n", "ADD 2")
        .message("\r\n", "")
        .malformed(new byte[100])
        .verify();
    // @end
  }

  @Test
  void goesThroughABadNetwork() throws Exception {
    // @start region="link"
    var badly = Link.PLAIN.chopped(1).bufferBytes(20);
    try (var server = TestServer.inMemory().link(badly).handler(Adder::serve).start();
        var peer = server.peer()) {
      peer.send("ADD 2\r\nADD 3\r\n").expect("OK 2\r\nOK 5\r\n");
    }
    // @end
  }

  @Test
  void losesTheConnection() throws Exception {
    // @start region="loss"
    var why = new CompletableFuture<CloseReason>();
    try (var server =
            TestServer.inMemory()
                .handler(connection -> {
                  try {
                    Adder.serve(connection);
                  } finally {
                    why.complete(connection.closeReason().orElseThrow());
                  }
                })
                .start();
        var peer = server.peer()) {
      peer.send("ADD 2\r\n").expect("OK 2\r\n");
      server.network().loseConnections();
      assertTrue(why.get(5, TimeUnit.SECONDS) instanceof CloseReason.PeerReset);
    }
    // @end
  }

  @Nested
  class WithTheExtension {
    // @start region="extension"
    private final TestClock clock = new TestClock();

    @RegisterExtension
    final ServerExtension server =
        ServerExtension.of(() -> TestServer.inMemory().clock(clock).handler(Adder::serve));

    @Test
    void addsUp() throws Exception {
      server.peer().send("ADD 2\r\nADD 3\r\n").expect("OK 2\r\nOK 5\r\n");
    }
    // @end
  }

  // @start region="suite"
  @Nested
  class OfAServerInMemory extends ConnectionConformance {
    @Override
    protected TestServerBuilder server() {
      return TestServer.inMemory().link(Link.PLAIN.choppedByChance(2_000, 1));
    }

    @Override
    protected Connection wrapped(Connection connection) {
      return connection; // with one's own around it
    }
  }

  // @end

  private static final Path GUIDE = Path.of("../docs/testing.md");

  @Test
  void hasCodeThatIsInThisTest() throws IOException {
    String source =
        flat(Files.readString(Path.of("src/test/java/io/plainweave/testing/GuideTest.java")));
    List<String> blocks =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(GUIDE))
            .results()
            .map((MatchResult found) -> flat(found.group(1)))
            .toList();
    assertTrue(blocks.size() >= 6, blocks::toString);
    for (String block : blocks) {
      assertTrue(source.contains(block), block);
    }
  }

  private static String flat(String code) {
    return code.replaceAll("\\s+", " ").strip();
  }
}
