package io.plainweave.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.NeedsModule;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NeedsModule("jdk.unsupported")
@DisplayName("Table S: a process that is told to end")
class SignalFaultsTest {
  private static final List<String> NO_OPTIONS = List.of();

  /** A JVM without the module jdk.unsupported, as jlink makes it. */
  private static final String NO_SIGNALS =
      "--limit-modules=java.base,java.logging,java.naming,java.xml,jdk.management,jdk.net";

  @BeforeAll
  static void needsProcesses() {
    Machine.needs();
  }

  /** Starts {@link SignalMain}, and makes a handler of each of its servers be at work. */
  private static SignalProgram start(List<String> jvm, int servers, String... arguments)
      throws Exception {
    List<String> all = new ArrayList<>(List.of(Integer.toString(servers)));
    all.addAll(List.of(arguments));
    return SignalProgram.start(SignalMain.class, jvm, all, Redirect.INHERIT).withWork(servers);
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void s14RunsTheHooksOfOthersWhenItHasDrained(String signal, int exitCode) throws Exception {
    try (SignalProgram program = start(NO_OPTIONS, 1)) {
      program.signal(signal);
      program.says("draining");
      program.tell("release");
      program.says("answered", "drained");
      // Though the main method, for which this server was everything, may come to its end, too.
      assertTrue(program.saysAtLast().contains("hook"));
      assertEquals(exitCode, program.exitCode());
    }
  }

  @Test
  void s14DrainsItsServersSideBySide() throws Exception {
    // Each handler goes on when both servers drain.
    try (SignalProgram program = start(NO_OPTIONS, 2)) {
      program.tell("release");
      program.signal("TERM");
      program.says("draining", "draining", "answered", "answered");
      List<String> last = program.saysAtLast();
      assertEquals(2, last.stream().filter("drained"::equals).count(), last::toString);
      assertEquals(143, program.exitCode());
    }
  }

  @Test
  void s14RunsTheHooksOfOthersWhenASecondSignalHasCancelled() throws Exception {
    try (SignalProgram program = start(NO_OPTIONS, 1)) {
      program.signal("TERM");
      program.says("draining");
      program.signal("INT");
      program.says("cancelled");
      assertTrue(program.saysAtLast().contains("hook"));
      assertEquals(143, program.exitCode());
    }
  }

  private static SignalProgram startServices() throws Exception {
    return SignalProgram.start(ServicesMain.class, NO_OPTIONS, List.of(), Redirect.INHERIT)
        .withWork(1);
  }

  @Test
  void s14StopsServicesInReverseOrder() throws Exception {
    try (SignalProgram program = startServices()) {
      program.signal("TERM");
      program.says("cache closed", "draining");
      program.tell("release");
      program.says("drained", "database closed", "main");
      assertEquals(143, program.exitCode());
    }
  }

  @Test
  void s14ForcesServicesByASecondSignal() throws Exception {
    try (SignalProgram program = startServices()) {
      program.signal("TERM");
      program.says("cache closed", "draining");
      program.signal("TERM");
      program.says("cancelled", "database closed", "main");
      assertEquals(143, program.exitCode());
    }
  }

  @Test
  void s14AnswersForAdministrationUntilItHasDrained() throws Exception {
    try (SignalProgram program =
        SignalProgram.start(AdminMain.class, NO_OPTIONS, List.of(), Redirect.INHERIT)) {
      int service = Integer.parseInt(program.line().split(" ")[1]);
      int admin = Integer.parseInt(program.line().split(" ")[1]);
      try (var _ = new Socket("127.0.0.1", service)) {
        program.says("at work");
        assertEquals("RUNNING", answer(admin));
        program.signal("TERM");
        // It may take a moment to arrive, and nothing but the answer tells.
        await().until(() -> answer(admin).equals("DRAINING"));
        // The state changes before the listeners close.
        await().until(() -> isGivenUp(service));
        assertThrows(ConnectException.class, () -> new Socket("127.0.0.1", service));
        assertEquals("DRAINING", answer(admin));
        program.tell("release");
        program.says("answered", "main");
        assertEquals(143, program.exitCode());
        assertThrows(ConnectException.class, () -> new Socket("127.0.0.1", admin));
      }
    }
  }

  /** Whether nobody listens there any more, without a connection that would be served. */
  private static boolean isGivenUp(int port) throws IOException {
    try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return true;
    } catch (BindException listening) {
      return false;
    }
  }

  private static String answer(int port) throws IOException {
    try (var client = new Socket("127.0.0.1", port)) {
      return new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  @ParameterizedTest
  @CsvSource({"-Xrs, exit, 3", "'" + NO_SIGNALS + "', TERM, 143"})
  void s14DrainsBesideTheHooksOfOthersWhereThereIsNoSignalToCatch(
      String option, String end, int exitCode) throws Exception {
    try (SignalProgram program = start(List.of(option), 1)) {
      if (end.equals("exit")) {
        program.tell(end);
      } else {
        program.signal(end);
      }
      assertEquals(Set.of("draining", "hook"), Set.of(program.line(), program.line()));
      program.tell("release");
      program.says("answered", "drained");
      assertEquals(exitCode, program.exitCode());
    }
  }

  @Test
  void s14SaysOnceWhereThereIsNoSignalToCatchAndWhatToDo(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("log");
    // It starts two servers, one after the other.
    try (SignalProgram program =
        SignalProgram.start(
                SignalMain.class, List.of(NO_SIGNALS), List.of("1"), Redirect.to(log.toFile()))
            .withWork(1)) {
      program.tell("release");
      program.signal("TERM");
      assertEquals(143, program.exitCode());
      String logged = Files.readString(log);
      assertEquals(2, logged.split("--add-modules jdk.unsupported", -1).length, logged);
    }
  }

  @Test
  void s14LeavesASignalToTheProgramThatHandlesIt() throws Exception {
    try (SignalProgram program = start(NO_OPTIONS, 1, "goes on")) {
      program.signal("TERM");
      program.says("own handler");
      program.signal("INT");
      program.says("draining");
      program.tell("release");
      program.says("answered", "drained");
      assertEquals(130, program.exitCode());
    }
  }

  @Test
  void s14DrainsWhenTheProgramsOwnHandlerEndsTheProcess() throws Exception {
    try (SignalProgram program = start(NO_OPTIONS, 1, "exits")) {
      program.signal("TERM");
      program.says("own handler");
      program.tell("release");
      assertTrue(program.saysAtLast().containsAll(List.of("draining", "answered", "drained")));
      assertEquals(7, program.exitCode());
    }
  }
}
