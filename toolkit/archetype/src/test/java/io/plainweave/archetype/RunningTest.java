package io.plainweave.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The document running.md")
@Timeout(600)
class RunningTest {
  private static final Path DOCUMENT = Path.of("../docs/running.md");

  private static final Pattern BLOCK =
      Pattern.compile("^```(\\w+)\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  private static Stream<String> blocks(String language) throws IOException {
    return BLOCK
        .matcher(Files.readString(DOCUMENT))
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> block.group(2));
  }

  @Test
  void showsTheFilesOfTheProject() throws Exception {
    StringBuilder all = new StringBuilder();
    for (Path file : Project.built().files()) {
      all.append(squeeze(Files.readString(file))).append('\n');
    }
    int shown = 0;
    for (String language : List.of("java", "xml", "dockerfile")) {
      for (String block : blocks(language).toList()) {
        assertTrue(all.indexOf(squeeze(block)) >= 0, () -> "in no file: " + block);
        shown++;
      }
    }
    assertEquals(10, shown);
  }

  private static String squeeze(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }

  @Test
  void namesTheFilesOfTheProject() throws Exception {
    String document = Files.readString(DOCUMENT);
    for (Path file : Project.built().files()) {
      String name = file.getFileName().toString();
      boolean isNamed = document.contains(name) || name.matches("\\.gitignore|logback-test\\.xml");
      assertTrue(isNamed, name);
    }
  }

  @Test
  void makesTheProjectWithTheArchetypeThatThereIs() throws Exception {
    String version = System.getProperty("plainweave.version");
    String command = "-DarchetypeVersion=" + version + " ";
    assertTrue(Files.readString(DOCUMENT).contains(command));
    assertTrue(Files.readString(Path.of("../../README.md")).contains(command));
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
    assertEquals(10, typed);
  }

  /** What a shell prints to its standard output; the log goes to the standard error. */
  private static List<String> printed(String commands) throws IOException, InterruptedException {
    var builder = new ProcessBuilder("timeout", "120", "bash", "--norc", "-m", "-c", commands);
    builder.directory(Project.built().folder().toFile());
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    String jdk = Project.JDK.resolve("bin").toString();
    builder.environment().merge("PATH", jdk, (path, bin) -> bin + ":" + path);
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
}
