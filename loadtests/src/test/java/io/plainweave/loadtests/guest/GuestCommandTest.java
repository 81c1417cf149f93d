package io.plainweave.loadtests.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What {@code loadtests/guest/run} says before it starts anything. */
@DisplayName("The command for the guest")
@EnabledOnOs(value = OS.LINUX, disabledReason = "User-mode Linux runs on Linux")
@Timeout(60)
final class GuestCommandTest {
  private static final Path COMMAND = Path.of("guest", "run").toAbsolutePath();

  private record Ended(int exitCode, String stdout, String stderr) {}

  @TempDir private Path folder;

  /** Has programs of the names that are looked for, which do nothing. */
  private String withGuest;

  @BeforeEach
  void pretendThatAGuestIsInstalled() throws IOException {
    Path programs = Files.createDirectory(folder.resolve("programs"));
    for (String name : List.of("linux.uml", "ip")) {
      program(programs.resolve(name), "exit 0");
    }
    withGuest = programs + ":" + System.getenv("PATH");
  }

  @Test
  void tellsHowToUseIt() throws Exception {
    Ended help = run(Map.of(), "--help");

    assertEquals(0, help.exitCode, help::toString);
    assertTrue(help.stdout.startsWith("Usage: loadtests/guest/run "), help::toString);
    assertEquals("", help.stderr);
  }

  @Test
  void refusesANumberThatIsNone() throws Exception {
    for (String option : List.of("-n=12x", "-n0", "--connections=", "-n-5")) {
      assertRefused(
          run(Map.of("PATH", withGuest), option), "-n must be a whole number from 1 to 99999999: ");
    }
  }

  @Test
  void refusesAnOptionWithoutItsValue() throws Exception {
    assertRefused(run(Map.of("PATH", withGuest), "--hold"), "--hold needs a value.");
  }

  @Test
  void refusesAMemoryThatIsNoSize() throws Exception {
    assertRefused(
        run(Map.of("PATH", withGuest), "--memory", "17"),
        "--memory must be a number and K, M or G, such as 17G: 17");
  }

  @Test
  void saysHowToGetUserModeLinux() throws Exception {
    Path programs = Files.createDirectory(folder.resolve("few"));
    for (String name : List.of("dirname", "readlink", "sed", "ip")) {
      program(programs.resolve(name), "exec /usr/bin/" + name + " \"$@\"");
    }

    Ended refused = run(Map.of("PATH", programs.toString()));

    assertEquals(2, refused.exitCode, refused::toString);
    assertEquals(
        "There is no linux.uml here; on Debian and Ubuntu:"
            + " apt-get install user-mode-linux iproute2\n",
        refused.stderr);
  }

  @Test
  void saysHowToGetAPlaceForTheMemory() throws Exception {
    Ended refused = run(Map.of("PATH", withGuest, "TMPDIR", "/proc"));

    assertEquals(2, refused.exitCode, refused::toString);
    assertTrue(
        refused.stderr.startsWith(
            "The guest's memory needs a tmpfs, and /proc is none: mount -t tmpfs "),
        refused::toString);
  }

  private static void program(Path file, String script) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private static void assertRefused(Ended ended, String sentence) {
    assertEquals(2, ended.exitCode, ended::toString);
    assertTrue(ended.stderr.startsWith(sentence), ended::toString);
    assertTrue(ended.stderr.contains("\n\nUsage: loadtests/guest/run "), ended::toString);
    assertEquals("", ended.stdout);
  }

  private Ended run(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("/bin/sh", COMMAND.toString()));
    command.addAll(List.of(arguments));
    Path stdout = folder.resolve("stdout");
    Path stderr = folder.resolve("stderr");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(stdout.toFile()).redirectError(stderr.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      return new Ended(process.waitFor(), Files.readString(stdout), Files.readString(stderr));
    } finally {
      process.destroyForcibly();
    }
  }
}
