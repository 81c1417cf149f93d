package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;

/** What README.md shows. */
final class Readme {
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  private Readme() {}

  /** The blocks of Java code that have the text in them. */
  static List<String> code(String text) throws IOException {
    return JAVA.matcher(read())
        .results()
        .map(block -> block.group(1))
        .filter(code -> code.contains(text))
        .toList();
  }

  /** The one command that begins so, with another port than the README's. */
  static String command(String beginning, int port) throws IOException {
    String indented = "    " + beginning;
    List<String> commands =
        read()
            .replaceAll("\\\\\n\\s*", "")
            .lines()
            .filter(line -> line.startsWith(indented))
            .toList();
    assertEquals(1, commands.size(), () -> "commands in README.md like: " + beginning);
    return commands.getFirst().strip().replaceAll("\\b7000\\b", Integer.toString(port));
  }

  private static String read() throws IOException {
    return Files.readString(Checkout.original("README.md"));
  }
}
