package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.NeedsModule;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NeedsModule("jdk.unsupported")
@DisplayName("Table S: what a program does after its server, in a process that is told to end,")
@Timeout(60)
class CleanUpFaultsTest {
  /** Longer than a test takes: who reaches it has failed. */
  private static final String LONG = "100000";

  private static final String SHORT = "200";

  private static final Pattern LEFT_BEHIND =
      Pattern.compile("WARN .* before the thread main, .* at .*CleanUpMain.cleanUp\\(");

  @BeforeAll
  static void needsProcesses() {
    Machine.needs();
  }

  /** Starts {@link CleanUpMain}, whose threads wait for their servers in these ways. */
  private static SignalProgram start(String limit, String... ways) throws Exception {
    return start(Redirect.INHERIT, limit, ways);
  }

  private static SignalProgram start(Redirect log, String limit, String... ways) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(limit));
    arguments.addAll(List.of(ways));
    SignalProgram program = SignalProgram.start(CleanUpMain.class, List.of(), arguments, log);
    boolean listening = false;
    try {
      for (String _ : ways) {
        assertTrue(program.line().startsWith("listening"));
      }
      listening = true;
      return program;
    } finally {
      if (!listening) {
        program.close();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "serve, TERM, 143",
    "run, TERM, 143",
    "run, INT, 130",
    "awaitTermination, TERM, 143",
    "virtual, TERM, 143",
    "pool, TERM, 143"
  })
  void s15RunsToItsEndBeforeTheHooks(String way, String signal, int exitCode) throws Exception {
    try (SignalProgram program = start(LONG, way)) {
      program.signal(signal);
      program.says("cleaning up");
      program.tell("release");
      program.says("cleaned up", "hook");
      assertEquals(exitCode, program.exitCode());
    }
  }

  @Test
  void s15RunsToItsEndInEachThread() throws Exception {
    try (SignalProgram program = start(LONG, "run", "serve", "awaitTermination")) {
      program.signal("TERM");
      program.says("cleaning up", "cleaning up", "cleaning up");
      program.tell("release");
      program.says("cleaned up", "cleaned up", "cleaned up", "hook");
      assertEquals(143, program.exitCode());
    }
  }

  @Test
  void s15RunsToItsEndBesideTheHooksWhereThereIsNoSignal() throws Exception {
    try (SignalProgram program = start(LONG, "run")) {
      program.tell("exit");
      assertEquals(Set.of("cleaning up", "hook"), Set.of(program.line(), program.line()));
      program.tell("release");
      program.says("cleaned up");
      assertEquals(3, program.exitCode());
    }
  }

  @Test
  void s15IsLeftBehindWhenItsTimeIsOver(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("log");
    try (SignalProgram program = start(Redirect.to(log.toFile()), SHORT, "run")) {
      program.signal("TERM");
      program.says("cleaning up", "hook");
      assertEquals(143, program.exitCode());
      String logged = Files.readString(log);
      assertTrue(LEFT_BEHIND.matcher(logged).find(), logged);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void s15IsLeftBehindAtASecondSignal(String second) throws Exception {
    try (SignalProgram program = start(LONG, "run")) {
      program.signal("TERM");
      program.says("cleaning up");
      program.signal(second);
      program.says("hook");
      assertEquals(143, program.exitCode());
    }
  }

  @Test
  void s15MayEndTheProcess() throws Exception {
    try (SignalProgram program = start(LONG, "exit")) {
      program.signal("TERM");
      program.says("cleaning up");
      program.tell("release");
      program.says("cleaned up", "hook");
      assertEquals(5, program.exitCode());
    }
  }

  @Test
  void s15MayEndTheProcessInSeveralThreads() throws Exception {
    try (SignalProgram program = start(LONG, "exit", "exit")) {
      program.signal("TERM");
      program.says("cleaning up", "cleaning up");
      program.tell("release");
      program.says("cleaned up");
      assertEquals(Set.of("cleaned up", "hook"), Set.copyOf(program.saysAtLast()));
      assertEquals(5, program.exitCode());
    }
  }

  @Test
  void s15IsNotWaitedForInADaemonThread() throws Exception {
    try (SignalProgram program = start(LONG, "daemon")) {
      program.signal("TERM");
      assertTrue(program.saysAtLast().contains("hook"));
      assertEquals(143, program.exitCode());
    }
  }
}
