package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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

@DisplayName("Without a JDK 25")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class MissingJdkTest {
  /** Hides JDK 25 wherever the launchers look for it, in a mount namespace of its own. */
  private static final String WITHOUT_JDK_25 =
      """
      for jdk in "$HIDDEN" /usr/lib/jvm/*25* /usr/lib64/jvm/*25* /usr/java/*25* /opt/java/*25*; do
        [ ! -d "$jdk" ] || mount -t tmpfs none "$jdk" || exit 125
      done
      exec "$0" "$@"
      """;

  private static final Pattern OLDER = Pattern.compile("\\b(17|21)\\b");

  @TempDir static Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"samples/run", "loadtests/run"})
  void launchersSayWhatIsMissingAndWhereToPutIt(String launcher) throws Exception {
    try (ChildProcess probe = unshare("true")) {
      assumeTrue(probe.exitCode() == 0, "this user may not mount, so no JDK can be hidden");
    }
    try (ChildProcess run = unshare(Checkout.in(folder).path(launcher), "Echo", "--help")) {
      assertEquals(1, run.exitCode(), run.stderr());
      assertEquals(1, run.stderr().lines().count(), run.stderr());
      assertTrue(run.stderr().startsWith("Plainweave needs a JDK 25"), run.stderr());
      assertTrue(run.stderr().contains("JAVA25_HOME="), run.stderr());
      assertEquals("", run.stdout());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"samples/run", "loadtests/run"})
  void launchersSayThatTheWrongPlaceWasNamed(String launcher) throws Exception {
    var builder = new ProcessBuilder(Checkout.in(folder).path(launcher), "Echo", "--help");
    builder.environment().put("JAVA25_HOME", "/nowhere");
    try (ChildProcess run = ChildProcess.start(folder, builder)) {
      assertEquals(1, run.exitCode());
      assertEquals("JAVA25_HOME=/nowhere is not the home of a JDK 25 or later.\n", run.stderr());
      assertEquals("", run.stdout());
    }
  }

  @Test
  void anOlderJavaSaysThatItIsTooOldForASample() throws Exception {
    Optional<Path> java = olderJava();
    assumeTrue(java.isPresent(), "there is no older JDK");
    String command = java.get() + " @samples/run.args samples/Echo.java";
    ProcessBuilder builder = Checkout.in(folder).command(command);
    try (ChildProcess run = ChildProcess.start(folder, builder)) {
      assertEquals(1, run.exitCode(), run.stderr());
      assertEquals("error: invalid value for --source option: 25\n", run.stderr());
      assertEquals("", run.stdout());
    }
  }

  /** One that runs sources, where distributions put theirs. */
  private static Optional<Path> olderJava() throws IOException {
    Path all = Path.of("/usr/lib/jvm");
    if (!Files.isDirectory(all)) {
      return Optional.empty();
    }
    try (Stream<Path> homes = Files.list(all)) {
      return homes
          .filter(home -> OLDER.matcher(home.getFileName().toString()).find())
          .filter(home -> Files.isExecutable(home.resolve("bin/javac")))
          .map(home -> home.resolve("bin/java"))
          .findFirst();
    }
  }

  private static ChildProcess unshare(String program, String... arguments) throws IOException {
    var builder =
        new ProcessBuilder("unshare", "--map-root-user", "--mount", "sh", "-c", WITHOUT_JDK_25);
    builder.command().add(program);
    builder.command().addAll(List.of(arguments));
    builder.environment().put("HIDDEN", System.getProperty("java.home"));
    builder.environment().put("PATH", "/usr/bin:/bin");
    builder.environment().put("HOME", folder.toString());
    builder.environment().remove("JAVA25_HOME");
    builder.environment().remove("JAVA_HOME");
    return ChildProcess.start(folder, builder);
  }
}
