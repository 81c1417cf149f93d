package io.plainweave.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The document embedding.md")
@EnabledOnOs(OS.LINUX)
@Timeout(150)
class EmbeddingTest {
  /** What is between these marks is in the document, too. */
  private static final Pattern SHOWN =
      Pattern.compile("// shown: begin\n(.*?)// shown: end\n", Pattern.DOTALL);

  private static final String[] DRAIN = {
    "draining 1 connections", "asked for second", "asked for nothing more", "drained: 1"
  };

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"logback", "log4j"})
  void keepsTheLogDuringTheDrainThatASignalBegins(String log) throws Exception {
    try (Program program = start(log)) {
      program.terminate();
      assertEquals("second", program.asksToTheEnd());
      program.ends(143, DRAIN);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"logback", "log4j"})
  void keepsTheLogDuringTheDrainOfAProgramThatEndsByItself(String log) throws Exception {
    try (Program program = start(log)) {
      program.process().outputWriter().close();
      assertEquals("second", program.asksToTheEnd());
      program.ends(0, DRAIN);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"logback", "log4j"})
  void showsTheConnectionInEachLineThatIsLoggedForIt(String log) throws Exception {
    try (Program program = start(log)) {
      String connection = "connection 1 from 127.0.0.1:" + program.client().getLocalPort();
      program.terminate();
      program.asksToTheEnd();
      program.ends(
          143,
          "INFO  LoggedServer: " + connection + ": asked for first",
          "INFO  Server: draining 1 connections",
          "INFO  LoggedServer: " + connection + ": asked for second",
          "DEBUG Server: " + connection + ": closed: ",
          "INFO  Server: drained: 1 connections");
    }
  }

  @Test
  void keepsTheBeansOfSpringBootOpenDuringTheDrain() throws Exception {
    try (Program program =
        Program.start(folder, jars("lib"), SpringBootServer.class, "--greeting.port=0")) {
      program.terminate();
      assertEquals("hello second", program.asksToTheEnd());
      program.ends(143, "draining 1 connections", "drained: 1", "greetings are closed");
    }
  }

  @Test
  void hasTheCodeOfPrograms() throws IOException {
    String document = squeeze(Files.readString(Path.of("../../toolkit/docs/embedding.md")));
    int shown = 0;
    for (String name :
        List.of(
            "java/io/plainweave/embedding/LoggedServer.java",
            "java/io/plainweave/embedding/SpringBootServer.java",
            "java/io/plainweave/embedding/TracedServer.java",
            "kotlin/io/plainweave/embedding/KotlinServer.kt")) {
      String source = Files.readString(Path.of("src/main", name));
      for (var code : SHOWN.matcher(source).results().toList()) {
        assertTrue(document.contains(squeeze(code.group(1))), () -> "it lacks: " + code.group(1));
        shown++;
      }
    }
    assertEquals(shown, document.split("```(java|kotlin)", -1).length - 1);
  }

  private static String squeeze(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }

  private Program start(String log) throws Exception {
    List<Path> classPath = new ArrayList<>(List.of(Path.of("src/main", log)));
    classPath.addAll(jars("lib", "slf4j-api"));
    classPath.addAll(log.equals("log4j") ? jars("log4j") : jars("lib", "logback"));
    return Program.start(folder, classPath, LoggedServer.class, "0");
  }

  /**
   * The jars in a folder of what was built whose names begin in one of these ways; without, all.
   */
  static List<Path> jars(String folder, String... names) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("target", folder))) {
      return files
          .filter(file ->
              names.length == 0
                  || Stream.of(names).anyMatch(file.getFileName().toString()::startsWith))
          .toList();
    }
  }
}
