package io.plainweave.faults;

import static io.plainweave.faults.Behaviour.EXCEPTION;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Types what {@code docs/events.md} says. */
@DisplayName("A process that is recorded")
@Timeout(120)
class FlightRecorderTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "events.md");
  private static final Path OPERATING = Path.of("..", "docs", "operating.md");
  private static final Path JDK = Path.of(System.getProperty("java.home"), "bin");

  private static final Pattern COMMAND =
      Pattern.compile("^ {4}((?:jcmd|jfr) .*)$", Pattern.MULTILINE);
  private static final String FILE = "/tmp/plainweave.jfr";

  @TempDir Path folder;

  @BeforeAll
  static void needsProcesses() {
    Machine.needs();
  }

  private static List<String> commands(Path document) throws IOException {
    return COMMAND
        .matcher(Files.readString(document))
        .results()
        .map(command -> command.group(1))
        .toList();
  }

  @Test
  @Tag("slow")
  void showsItsConnectionsToTheToolsOfTheJdk() throws Exception {
    List<String> commands = commands(DOCUMENT);
    assertEquals(5, commands.size());
    try (FaultServer server = FaultServer.launch().start()) {
      type(commands.get(0), server);
      for (int i = 0; i < 10; i++) {
        server.serveAFreshClient();
      }
      for (int i = 0; i < 3; i++) {
        try (Peer peer = Peer.connect(server)) {
          peer.asks(EXCEPTION);
          assertTrue(peer.seesReset());
        }
      }
      server.awaitCount("closed", 13);
      type(commands.get(1), server);
      String summary = type(commands.get(2), server);
      assertEquals(13, number("io\\.plainweave\\.ConnectionClosed +(\\d+) ", summary), summary);
      String view = type(commands.get(3), server);
      assertEquals(10, count("Finished", view), view);
      assertEquals(3, count("HandlerFailed", view), view);
      String print = type(commands.get(4), server);
      assertEquals(10, count("reason = \"Finished\"", print), print);
      assertEquals(3, count("reason = \"HandlerFailed\"", print), print);
      assertEquals(13, count("listener = \"127.0.0.1:" + server.port() + "\"", print), print);
    }
  }

  private String type(String command, FaultServer server) throws Exception {
    String[] words =
        command
            .replace("PID", Long.toString(server.pid()))
            .replace(FILE, folder.resolve("plainweave.jfr").toString())
            .split(" ");
    words[0] = JDK.resolve(words[0]).toString();
    return Machine.run(words);
  }

  private static int number(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), text);
    return Integer.parseInt(matcher.group(1));
  }

  private static long count(String part, String text) {
    return Pattern.compile(Pattern.quote(part)).matcher(text).results().count();
  }

  @Test
  void beginsWithTheCommandForOperators() throws IOException {
    assertEquals(commands(DOCUMENT).subList(0, 1), commands(OPERATING));
  }

  @Test
  void servesAllTheSameInAJvmWithoutARecorder() throws Exception {
    try (FaultServer server =
        FaultServer.launch()
            .jvm(
                "--limit-modules",
                "java.naming,java.xml,jdk.management,jdk.net,jdk.unsupported",
                "-Xlog:class+load:file=" + folder.resolve("classes"))
            .start()) {
      server.serveAFreshClient();
      server.awaitCount("closed", 1);
      assertEquals(1, server.count("reason.Finished"));
    }
    assertEquals(Set.of("Recording"), loaded());
  }

  @Test
  void loadsNoEventBeforeItIsRecorded() throws Exception {
    try (FaultServer server =
        FaultServer.launch().jvm("-Xlog:class+load:file=" + folder.resolve("classes")).start()) {
      server.serveAFreshClient();
      server.awaitCount("closed", 1);
    }
    assertEquals(Set.of("Recording", "Recorder"), loaded());
  }

  /** The classes of the room that the server has loaded. */
  private Set<String> loaded() throws IOException {
    return Pattern.compile("io\\.plainweave\\.internal\\.recording\\.([\\w$]+) source")
        .matcher(Files.readString(folder.resolve("classes")))
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toSet());
  }
}
