package io.plainweave.embedding;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The document running.md")
@EnabledOnOs(OS.LINUX)
@Timeout(300)
class RunningTest {
  private static final Path DOCUMENT = Path.of("../../toolkit/docs/running.md");
  private static final Path STARTER = Path.of("../starter");
  private static final Path JDK = Path.of(System.getProperty("java.home"), "bin");

  private static final Pattern BLOCK =
      Pattern.compile("^```(\\w+)\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern ENTRY_POINT = Pattern.compile("ENTRYPOINT \\[(.*)]");

  /** A copy of the project as it is when it was packed. */
  @TempDir private Path folder;

  @BeforeEach
  void copyWhatWasBuilt() throws IOException {
    // Before the phase "package" there is no jar.
    boolean isBuilt = Files.exists(STARTER.resolve("target/starter.jar"));
    assertTrue(isBuilt || !"true".equals(System.getenv("CI")), "the starter is not built");
    assumeTrue(isBuilt, "the starter is not built: mvn verify");
    Path target = Files.createDirectories(folder.resolve("target/lib"));
    Files.copy(STARTER.resolve("target/starter.jar"), folder.resolve("target/starter.jar"));
    try (Stream<Path> jars = Files.list(STARTER.resolve("target/lib"))) {
      for (Path jar : jars.toList()) {
        Files.copy(jar, target.resolve(jar.getFileName()));
      }
    }
  }

  private static Stream<String> blocks(String language) throws IOException {
    return BLOCK
        .matcher(Files.readString(DOCUMENT))
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> block.group(2));
  }

  @Test
  void showsTheFilesOfTheStarter() throws IOException {
    StringBuilder starter = new StringBuilder();
    try (Stream<Path> files = Files.walk(STARTER)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.startsWith(STARTER.resolve("target"))) {
          starter.append(squeeze(Files.readString(file))).append('\n');
        }
      }
    }
    int shown = 0;
    for (String language : List.of("java", "xml", "dockerfile")) {
      for (String block : blocks(language).toList()) {
        assertTrue(starter.indexOf(squeeze(block)) >= 0, () -> "in no file: " + block);
        shown++;
      }
    }
    assertEquals(6, shown);
  }

  private static String squeeze(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }

  @Test
  @Tag("slow")
  void showsWhatItsCommandsPrint() throws Exception {
    int typed = 0;
    for (String block : blocks("console").toList()) {
      var commands = new ArrayList<String>();
      var expected = new ArrayList<String>();
      for (String line : block.lines().toList()) {
        if (line.startsWith("$ ")) {
          commands.add(line.substring(2));
        } else {
          expected.add(line);
        }
      }
      // What runs in the background prints when it likes.
      expected.sort(null);
      assertEquals(expected, printed(String.join("\n", commands)));
      typed += commands.size();
    }
    assertEquals(18, typed);
  }

  /** What a shell prints to its standard output; the log goes to the standard error. */
  private List<String> printed(String commands) throws IOException, InterruptedException {
    var builder = new ProcessBuilder("timeout", "120", "bash", "--norc", "-m", "-c", commands);
    builder.directory(folder.toFile()).redirectError(folder.resolve("log").toFile());
    builder.environment().merge("PATH", JDK.toString(), (path, jdk) -> jdk + ":" + path);
    Process shell = builder.start();
    try (var output = shell.inputReader()) {
      List<String> lines = output.lines().sorted().toList();
      assertTrue(shell.waitFor(10, TimeUnit.SECONDS));
      return lines;
    } finally {
      shell.descendants().forEach(ProcessHandle::destroyForcibly);
      shell.destroyForcibly();
    }
  }

  /** As in a container without an init: process 1 gets only signals for which it has a handler. */
  @Test
  void drainsAsProcessOneOfAContainer() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root can make a namespace");
    List<String> command = new ArrayList<>(List.of("unshare", "--pid", "--fork", "--kill-child"));
    command.addAll(entryPoint());
    command.add("127.0.0.1:7003");
    Path output = folder.resolve("output");
    Process container =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try (var client = connect(container, output, 7003)) {
      client.getOutputStream().write("Ad".getBytes(StandardCharsets.US_ASCII));
      ProcessHandle one = container.children().findFirst().orElseThrow();
      await().until(() -> Files.readString(output).contains("listening"));
      // Only when the handler is within the line, the drain waits for it.
      await().atMost(Duration.ofSeconds(20)).until(() -> hasReadAll(7003));
      assertTrue(one.destroy());
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> Files.readString(output).contains("draining"));
      client.getOutputStream().write("a\n".getBytes(StandardCharsets.US_ASCII));
      assertEquals(
          "hello Ada\n",
          new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
      assertTrue(container.waitFor(20, TimeUnit.SECONDS), "still running");
      assertEquals(143, container.exitValue(), Files.readString(output));
    } finally {
      container.descendants().forEach(ProcessHandle::destroyForcibly);
      container.destroyForcibly().waitFor();
    }
  }

  /** Whether the server at a port has a connection, and has read what has come by it. */
  private static boolean hasReadAll(int port) throws IOException {
    Process ss =
        new ProcessBuilder("ss", "-tnH", "state", "established", "sport", "=", ":" + port).start();
    try (var lines = ss.inputReader()) {
      String queues = lines.readLine();
      return queues != null && queues.stripLeading().startsWith("0 ");
    }
  }

  private static Socket connect(Process server, Path output, int port) {
    return await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptionsMatching(e -> e instanceof ConnectException && server.isAlive())
        .until(
            () -> {
              assertTrue(server.isAlive(), () -> "it has ended: " + output);
              var socket = new Socket("127.0.0.1", port);
              socket.setSoTimeout(20_000);
              return socket;
            },
            _ -> true);
  }

  /** That of the Containerfile, with what it copies where it is here. */
  private List<String> entryPoint() throws IOException {
    Matcher matcher = ENTRY_POINT.matcher(Files.readString(STARTER.resolve("Containerfile")));
    assertTrue(matcher.find());
    return Pattern.compile("\"([^\"]*)\"")
        .matcher(matcher.group(1))
        .results()
        .map((MatchResult argument) -> argument.group(1))
        .map(argument -> argument.replace("/app/", folder.resolve("target") + "/"))
        .map(argument -> argument.equals("java") ? JDK.resolve("java").toString() : argument)
        .toList();
  }
}
