package io.plainweave.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The systemd unit of a project")
@Timeout(600)
class SystemdTest {
  private static final String UNIT = "deploy/" + Project.NAME + ".service";
  private static final Pattern CALL = Pattern.compile("(?m)^\\d+ +(?:<\\.\\.\\. )?(\\w+)");

  @TempDir private Path folder;

  @Test
  void isOneForSystemd() throws Exception {
    assertEquals("", verify(unit()));
  }

  @ParameterizedTest
  @CsvSource({
    "LimitNOFILE, LimitNOFILES",
    "TimeoutStopSec=30, TimeoutStopSec=soon",
    "@system-service, @system-servic",
    "bin/java, bin/jawa",
  })
  void wouldBeNoneWithAMistake(String right, String wrong) throws Exception {
    String changed = unit().replace(right, wrong);
    assertNotEquals(unit(), changed);
    assertNotEquals("", verify(changed));
  }

  @Test
  void leavesTheServerNoMoreThanItNeeds() throws Exception {
    Path file = Files.writeString(folder.resolve(Project.NAME + ".service"), unit());
    String said =
        Project.output(
            new ProcessBuilder(
                "systemd-analyze",
                "--no-pager",
                "security",
                "--offline=true",
                "--threshold=20",
                file.toString()),
            60);
    assertTrue(said.contains("Overall exposure level"), said);
  }

  @Test
  void killsTheServerOnlyWhenItsDrainIsOver() throws Exception {
    Duration drain = drain();
    assertTrue(number("TimeoutStopSec=(\\d+)") >= drain.toSeconds() + 10);
    assertEquals(143, number("SuccessExitStatus=(\\d+)"));
  }

  @Test
  void hasDescriptorsForAllConnections() throws Exception {
    String server = Project.built().text("src/main/java/com/example/AdderServer.java");
    Matcher most = Pattern.compile("MOST_CONNECTIONS = ([\\d_]+);").matcher(server);
    assertTrue(most.find());
    int connections = Integer.parseInt(most.group(1).replace("_", ""));
    assertTrue(number("LimitNOFILE=(\\d+)") >= connections + 1_000);
  }

  /** What a drain of the project may take. */
  static Duration drain() throws IOException, InterruptedException {
    String server = Project.built().text("src/main/java/com/example/AdderServer.java");
    Matcher drain = Pattern.compile("DRAIN = Duration.ofSeconds\\((\\d+)\\)").matcher(server);
    assertTrue(drain.find());
    return Duration.ofSeconds(Integer.parseInt(drain.group(1)));
  }

  /** With the Java that is here, in place of the one of the system. */
  private static String unit() throws IOException, InterruptedException {
    return Project.built().text(UNIT).replace("/usr/bin/java", Project.JDK + "/bin/java");
  }

  private static long number(String pattern) throws IOException, InterruptedException {
    Matcher matcher = Pattern.compile("(?m)^" + pattern + "$").matcher(unit());
    assertTrue(matcher.find(), pattern);
    return Long.parseLong(matcher.group(1));
  }

  /** What systemd has against a unit. */
  private String verify(String unit) throws IOException, InterruptedException {
    Path file = Files.writeString(folder.resolve(Project.NAME + ".service"), unit);
    Process process =
        new ProcessBuilder("systemd-analyze", "--man=no", "verify", file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes());
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return process.exitValue() == 0 ? said : said + "exit code " + process.exitValue();
  }

  /** From the start to the end of a drain, with the options of the unit. */
  @Test
  @Tag("slow")
  void allowsEverySystemCallThatTheServerMakes() throws Exception {
    Project project = Project.built();
    Path calls = folder.resolve("calls");
    List<String> command = new ArrayList<>(List.of("strace", "-f", "-o", calls.toString()));
    for (String word : execStart()) {
      command.add(word.replace("/opt/" + Project.NAME, project.folder() + "/target"));
    }
    command.add("127.0.0.1:0");
    try (var server = ServerProcess.startBehind(folder, Map.of("ADMIN", "127.0.0.1:0"), command)) {
      server.talkAndDrain();
    }
    Set<String> made =
        CALL.matcher(Files.readString(calls))
            .results()
            .map(call -> call.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    assertTrue(made.contains("accept") || made.contains("accept4"), made::toString);
    Matcher allowed = Pattern.compile("(?m)^SystemCallFilter=(@\\S+)$").matcher(unit());
    assertTrue(allowed.find());
    made.removeAll(group(allowed.group(1)));
    assertEquals(Set.of(), made);
  }

  private static List<String> execStart() throws IOException, InterruptedException {
    Matcher line = Pattern.compile("(?m)^ExecStart=(.*)$").matcher(unit());
    assertTrue(line.find());
    return List.of(line.group(1).split(" "));
  }

  /** The calls of a group, those of the groups in it included. */
  private static Set<String> group(String name) throws IOException, InterruptedException {
    var builder = new ProcessBuilder("systemd-analyze", "--no-pager", "syscall-filter", name);
    Set<String> calls = new TreeSet<>();
    for (String line : Project.output(builder, 60).lines().map(String::strip).toList()) {
      if (line.startsWith("@") && !line.equals(name)) {
        calls.addAll(group(line));
      } else if (!line.startsWith("#")) {
        calls.add(line);
      }
    }
    return calls;
  }
}
