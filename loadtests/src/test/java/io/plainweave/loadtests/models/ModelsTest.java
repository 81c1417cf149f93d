package io.plainweave.loadtests.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.plainweave.loadtests.Main;
import io.plainweave.loadtests.cli.BesideTheSamples;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The command as it is called; runs have real processes. */
@Timeout(90)
@ExtendWith(BesideTheSamples.class)
final class ModelsTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void nothingIsLeft() throws IOException {
    List<ProcessHandle> left =
        ProcessHandle.current()
            .descendants()
            .filter(it -> it.info().commandLine().orElse("").contains(CompiledModels.PREFIX))
            .toList();
    assertEquals(List.of(), left);
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      assertEquals(
          List.of(),
          files
              .filter(it -> it.getFileName().toString().startsWith(CompiledModels.PREFIX))
              .toList());
    }
  }

  @Test
  @Tag("slow")
  void eachModelIsMeasuredUpToItsEnd() throws Exception {
    Path json = folder.resolve("figures.json");
    Path page = folder.resolve("page.html");

    int exitCode =
        execute(
            "--models=OneAtATime,ThreadPerConnection,EpollLoop",
            "--connections=1,3,400",
            "--idle=0,5",
            "--seconds=0.1",
            "--descriptors=300",
            "--json=" + json,
            "--report=" + page);

    assertEquals(0, exitCode, this::both);
    assertTrue(err.toString().startsWith("3 models: about "), this::both);
    JsonNode models = new ObjectMapper().readTree(json.toFile()).path("models");

    JsonNode one = models.get(0);
    assertEquals("OneAtATime", one.path("model").asText());
    assertEquals(List.of(1, 1), numbers(one, "points", "answered"));
    assertEquals("[2]", one.at("/points/1/queues").toString());
    assertEquals("SEEN", one.at("/end/how").asText());
    assertEquals(1, one.at("/end/connections").asInt());

    JsonNode threads = models.get(1);
    List<Integer> served = numbers(threads, "points", "answered");
    assertEquals(List.of(1, 3), served.subList(0, 2));
    assertTrue(served.get(2) < 300, this::both);
    List<Integer> counts = numbers(threads, "points", "threads");
    assertEquals(2, counts.get(1) - counts.get(0), "two threads for two connections more");
    assertEquals("descriptors", threads.at("/end/cause").asText(), this::both);
    assertTrue(threads.at("/end/text").asText().contains("wait in the accept queue"), this::both);

    JsonNode epoll = models.get(2);
    assertEquals(List.of(0, 5), numbers(epoll, "idle", "connections"));
    assertEquals("descriptors", epoll.at("/end/cause").asText(), this::both);
    assertTrue(epoll.at("/end/text").asText().contains("the process has ended"), this::both);
    assertTrue(epoll.at("/end/connections").asInt() < 300, this::both);

    List<String> table = out.toString().lines().toList();
    assertEquals(4, table.stream().filter(it -> it.startsWith("  EpollLoop ")).count(), this::both);
    String html = Files.readString(page);
    assertTrue(html.contains("Where each ends"));
    assertFalse(html.contains("http://"), "the page would need a network");
  }

  @Test
  @Tag("slow")
  void processesAreCountedWithTheirChildrenAndTheirEndIsComputed() throws Exception {
    assumeTrue(Programs.isInstalled(Programs.SOCKET_ACTIVATE), "needs systemd-socket-activate");
    Path json = folder.resolve("figures.json");

    int exitCode =
        execute(
            "--models=ProcessPerConnection,Prefork",
            "--connections=1,5",
            "--seconds=0.1",
            "--json=" + json);

    assertEquals(0, exitCode, this::both);
    JsonNode models = new ObjectMapper().readTree(json.toFile()).path("models");
    assertEquals(List.of(3, 7), numbers(models.get(0), "points", "processes"));
    assertEquals("memory", models.at("/0/end/cause").asText());
    assertEquals("COMPUTED", models.at("/0/end/how").asText());
    assertEquals(List.of(1, 4, 5), numbers(models.get(1), "points", "connections"));
    assertEquals(List.of(5, 5, 5), numbers(models.get(1), "points", "processes"));
    assertEquals("its workers", models.at("/1/end/cause").asText());
    assertEquals(4, models.at("/1/points/0/queues").size(), "a queue for each worker");
  }

  static Stream<Arguments> badInput() {
    return Stream.of(
        Arguments.of("--models=Fork", "there is no model 'Fork': OneAtATime, "),
        Arguments.of("--models=Prefork,Prefork", "a model is named twice: Prefork,Prefork"),
        Arguments.of("--connections=0", "--connections must be from 1 to 19,000: 0"),
        Arguments.of("--connections=20000", "--connections must be from 1 to 19,000: 20000"),
        Arguments.of("--connections=10,10", "--connections must ascend: 10 after 10"),
        Arguments.of("--connections=x", "'x'"),
        Arguments.of("--idle=-1", "--idle must be from 0 to 19,000: -1"),
        Arguments.of("--idle=5,1", "--idle must ascend: 1 after 5"),
        Arguments.of("--seconds=0", "--seconds must be from 0.05 to 600: 0.0"),
        Arguments.of("--seconds=NaN", "--seconds must be from 0.05 to 600: NaN"),
        Arguments.of("--repeats=-1", "--repeats must be from 0 to 100: -1"),
        Arguments.of("--descriptors=10", "--descriptors must be at least 200: 10"),
        Arguments.of("--fast", "Unknown option: '--fast'"));
  }

  @ParameterizedTest
  @MethodSource("badInput")
  void badInputGetsOneSentenceWithTheValueThenTheUsage(String argument, String message) {
    int exitCode = execute(argument);

    List<String> lines = err.toString().lines().toList();
    assertEquals(2, exitCode, this::both);
    assertTrue(lines.getFirst().contains(message), err::toString);
    assertEquals("", lines.get(1));
    assertTrue(lines.get(2).startsWith("Usage: loadtests/run models"), err::toString);
    assertEquals("", out.toString());
  }

  private static List<Integer> numbers(JsonNode model, String points, String figure) {
    return model.path(points).findValues(figure).stream().map(JsonNode::asInt).toList();
  }

  private int execute(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    String[] all = Stream.concat(Stream.of("models"), Stream.of(arguments)).toArray(String[]::new);
    return commandLine.execute(all);
  }

  private String both() {
    return out + "\n" + err;
  }
}
