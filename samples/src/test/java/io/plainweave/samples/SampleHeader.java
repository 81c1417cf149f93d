package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The comment at the top of a sample, with the commands that it shows.
 *
 * @param place where the code of the sample listens by default, a port or a path: so the commands
 *     have to name it
 * @param commands as they are printed
 */
record SampleHeader(String place, List<String> commands) {
  private static final String INDENT = "//   ";

  private static final Pattern PLACE =
      Pattern.compile("(?:Listen.tcp|Listen.unix\\(Path.of|Udp.at)\\(\"?([\\w./]+)");

  static SampleHeader of(String sample) throws IOException {
    String source = Files.readString(Checkout.original("samples/" + sample + ".java"));
    Matcher place = PLACE.matcher(source);
    assertTrue(place.find(), () -> "no default place in " + sample);
    List<String> commands =
        source
            .lines()
            .takeWhile(line -> line.startsWith("//"))
            .filter(line -> line.startsWith(INDENT))
            .map(line -> line.substring(INDENT.length()))
            .toList();
    assertFalse(commands.isEmpty(), () -> "no command in " + sample);
    return new SampleHeader(place.group(1), commands);
  }

  /** Runs the commands that name the place, with another one, and returns what each prints. */
  List<String> ask(Path folder, Object otherPlace) throws IOException, InterruptedException {
    List<String> printed = new ArrayList<>();
    for (String command : commands) {
      if (command.contains(place)) {
        printed.add(run(folder, command.replace(place, otherPlace.toString())));
      }
    }
    return printed;
  }

  /** Runs the commands that come before those, and are about no server. */
  void prepare(Path folder) throws IOException, InterruptedException {
    for (String command : commands) {
      if (!command.contains(place)) {
        run(folder, command);
      }
    }
  }

  private static String run(Path folder, String command) throws IOException, InterruptedException {
    try (ChildProcess shell = ChildProcess.start(folder, "sh", "-c", command)) {
      assertEquals(0, shell.exitCode(), () -> command);
      return shell.stdout();
    }
  }
}
