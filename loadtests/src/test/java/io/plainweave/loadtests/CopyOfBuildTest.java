package io.plainweave.loadtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code loadtests/run} starts, so that a build beside it takes no class away. */
@DisplayName("The copy of a build")
@Timeout(30)
final class CopyOfBuildTest {
  private static final Path SCRIPT = Path.of("../.ci/copy").toAbsolutePath().normalize();

  @TempDir Path checkout;
  @TempDir Path temporary;

  /** Runs a program that has a copy, until its input ends. */
  private Process run() throws IOException {
    String script =
        "root=$1; . %s; copy_of target/classes; echo \"$copy\"; exec cat".formatted(SCRIPT);
    var builder = new ProcessBuilder("sh", "-c", script, "run", checkout.toString());
    builder.environment().put("TMPDIR", temporary.toString());
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static void end(Process process) throws Exception {
    process.getOutputStream().close();
    assertTrue(process.waitFor(10, TimeUnit.SECONDS));
  }

  private List<Path> copies() throws IOException {
    try (Stream<Path> all = Files.list(temporary)) {
      return all.sorted().toList();
    }
  }

  @Test
  void isKeptWhileItsProgramRunsAndRemovedByTheNext() throws Exception {
    Path built = Files.createDirectories(checkout.resolve("target/classes")).resolve("A.class");
    Files.writeString(built, "first");
    Process first = run();
    Path copy = Path.of(first.inputReader().readLine());
    Files.writeString(built, "second");
    Process second = run();
    Path other = Path.of(second.inputReader().readLine());
    assertEquals("first", Files.readString(copy.resolve("target/classes/A.class")));
    assertEquals("second", Files.readString(other.resolve("target/classes/A.class")));
    assertEquals(2, copies().size());

    first.destroyForcibly().waitFor();
    Process third = run();
    Path last = Path.of(third.inputReader().readLine());
    assertFalse(Files.exists(copy));
    assertEquals(Stream.of(other, last).sorted().toList(), copies());
    end(second);
    end(third);
  }

  @Test
  void isTheBuildItselfWhereThereCanBeNone() throws Exception {
    Process process = run();
    assertEquals(checkout.toString(), process.inputReader().readLine());
    assertEquals(List.of(), copies());
    end(process);
  }
}
