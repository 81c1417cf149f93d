package io.plainweave.loadtests.chapter;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.plainweave.loadtests.Main;
import io.plainweave.loadtests.chapter.Chapter.Stability;
import io.plainweave.loadtests.chapter.Chapter.Step;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@code -Dchapter.write=true} writes what the commands print now into both languages, instead of
 * comparing it.
 */
@DisplayName("The chapter")
final class ChapterTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Path ENGLISH = ROOT.resolve("samples/models/README.md");
  private static final Path CHINESE = ROOT.resolve("samples/models/README.zh.md");

  private static final List<String> PROGRAMS =
      List.of(
          "unshare",
          "ip",
          "ss",
          "nstat",
          "nft",
          "nc",
          "socat",
          "strace",
          "python3",
          "pgrep",
          "systemd-socket-activate");

  private static final boolean WRITE = Boolean.getBoolean("chapter.write");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Commands that only look: they are repeated until they see what was expected. */
  private static final Pattern LOOKS = Pattern.compile("(ss|tcp|nstat|ps|grep) .*");

  private static final Duration REPEATED = Duration.ofSeconds(10);

  /** A port that the kernel has chosen for a client. */
  private static final Pattern CHOSEN_PORT = Pattern.compile("\\b[3-6][0-9]{4}\\b");

  private static final Pattern NUMBER = Pattern.compile("[0-9][0-9,.]*");
  private static final Pattern SPACES = Pattern.compile("\\s+");

  private static boolean areSamplesBuilt() {
    return Files.isDirectory(ROOT.resolve("samples/target/lib"))
        && Files.isDirectory(ROOT.resolve("samples/target/test-classes"));
  }

  @Test
  @Tag("machine")
  @Timeout(660)
  @Tag("slow")
  void showsWhatItsCommandsPrint() throws Exception {
    assumeTrue(isRoot(), "only root can make a network namespace");
    if ("true".equals(System.getenv("CI"))) {
      // There the modules are built side by side, and the samples may come later than this one.
      await().atMost(Duration.ofMinutes(6)).until(ChapterTest::areSamplesBuilt);
    }
    assertTrue(
        areSamplesBuilt(),
        "the chapter runs samples, which are not built: mvn -pl samples,loadtests -am test");
    for (String program : PROGRAMS) {
      boolean found = isOnPath(program);
      assertTrue(found || !"true".equals(System.getenv("CI")), "there is no " + program);
      assumeTrue(found, "there is no " + program);
    }
    List<Step> now = new ArrayList<>();
    List<String> differences = new ArrayList<>();
    try (Terminal terminal = Terminal.open(ROOT)) {
      for (Step step : new Chapter(Files.readString(ENGLISH)).steps()) {
        List<String> printed = isKept(step) ? step.output() : run(terminal, step);
        now.add(new Step(step.command(), printed, step.stability()));
        if (!agrees(step, printed)) {
          differences.add(step + "\n" + String.join("\n", printed));
        }
      }
    }
    if (WRITE) {
      for (Path file : List.of(ENGLISH, CHINESE)) {
        Files.writeString(file, new Chapter(Files.readString(file)).with(now));
      }
    } else {
      assertEquals("", String.join("\n\n", differences), "printed otherwise than the chapter says");
    }
  }

  private static List<String> run(Terminal terminal, Step step)
      throws IOException, InterruptedException {
    if (WRITE && step.output().isEmpty()) {
      return terminal.type(step.command(), _ -> false, Duration.ofMillis(1500));
    }
    if (!LOOKS.matcher(step.command()).matches()) {
      return terminal.type(step.command(), printed -> agrees(step, printed), PATIENCE);
    }
    long deadline = System.nanoTime() + REPEATED.toNanos();
    List<String> printed;
    do {
      printed = terminal.type(step.command(), _ -> true, PATIENCE);
    } while (!agrees(step, printed) && System.nanoTime() < deadline);
    return printed;
  }

  /** Whether what was printed is what the chapter says; the order of sockets is the kernel's. */
  private static boolean agrees(Step step, List<String> printed) {
    return comparable(step.output(), step.stability())
        .equals(comparable(printed, step.stability()));
  }

  private static List<String> comparable(List<String> lines, Stability stability) {
    Pattern changing = stability == Stability.VARIES ? NUMBER : CHOSEN_PORT;
    return lines.stream()
        .map(line -> changing.matcher(line).replaceAll("#"))
        .map(line -> SPACES.matcher(line).replaceAll(" ").strip())
        .sorted()
        .toList();
  }

  @Test
  void showsFiguresThatAreKept() throws IOException {
    StringBuilder kept = new StringBuilder();
    try (Stream<Path> results = Files.list(ROOT.resolve("loadtests/results"))) {
      for (Path file : results.filter(it -> it.toString().endsWith(".txt")).toList()) {
        kept.append(Files.readString(file));
      }
    }
    for (Step step : new Chapter(Files.readString(ENGLISH)).steps()) {
      if (isKept(step)) {
        step.output().forEach(line -> assertTrue(kept.indexOf(line) >= 0, line));
        String[] command = step.command().split(" ");
        assertEquals("loadtests/run", command[0]);
        Main.commandLine().parseArgs(Arrays.copyOfRange(command, 1, command.length));
      }
    }
  }

  @Test
  void hasTheSameCommandsInBothLanguages() throws IOException {
    assertEquals(
        new Chapter(Files.readString(ENGLISH)).steps(),
        new Chapter(Files.readString(CHINESE)).steps());
  }

  private static boolean isKept(Step step) {
    return step.stability() == Stability.KEPT;
  }

  private static boolean isOnPath(String program) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static boolean isRoot() throws IOException {
    Path self = Path.of("/proc/self");
    return Files.exists(self) && Files.getAttribute(self, "unix:uid").equals(0);
  }
}
