package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Table S: a process that is told to end")
class SignalFaultsTest {
  private static final List<String> NO_OPTIONS = List.of();

  /** A JVM without the module jdk.unsupported, as jlink makes it. */
  private static final String NO_SIGNALS =
      "'--limit-modules=java.base,java.logging,java.naming,java.xml,jdk.management,jdk.net'";

  @BeforeAll
  static void needsProcesses() {
    Machine.needs();
  }

  /** A JVM that runs {@link SignalMain}, and its clients. */
  private static final class Program implements AutoCloseable {
    private final Process process;
    private final BufferedReader said;
    private final Writer commands;
    private final List<Socket> clients = new ArrayList<>();

    private Program(List<String> jvm, String... arguments) throws IOException {
      // A shell starts what it puts into the background with SIGINT ignored.
      List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
      command.addAll(List.of(Machine.java(), "-XX:TieredStopAtLevel=1"));
      command.addAll(jvm);
      command.addAll(
          List.of("-cp", System.getProperty("java.class.path"), SignalMain.class.getName()));
      command.addAll(List.of(arguments));
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      said = process.inputReader();
      commands = process.outputWriter();
    }

    /** Makes a handler of each server be at work. */
    Program withWork(int servers) throws Exception {
      boolean atWork = false;
      try {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < servers; i++) {
          ports.add(Integer.valueOf(line().split(" ")[1]));
        }
        for (int port : ports) {
          clients.add(new Socket("127.0.0.1", port));
          says("at work");
        }
        atWork = true;
        return this;
      } finally {
        if (!atWork) {
          close();
        }
      }
    }

    void signal(String name) throws IOException, InterruptedException {
      Machine.run("kill", "-s", name, Long.toString(process.pid()));
    }

    void tell(String command) throws IOException {
      commands.write(command + "\n");
      commands.flush();
    }

    String line() throws IOException {
      String line = said.readLine();
      assertNotNull(line, "it has ended");
      return line;
    }

    void says(String... lines) throws IOException {
      for (String line : lines) {
        assertEquals(line, line());
      }
    }

    /** Whatever it still says, until its end. */
    List<String> saysAtLast() throws IOException {
      List<String> lines = new ArrayList<>();
      for (String line; (line = said.readLine()) != null; ) {
        lines.add(line);
      }
      return lines;
    }

    int exitCode() throws InterruptedException {
      assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running");
      return process.exitValue();
    }

    @Override
    public void close() throws IOException, InterruptedException {
      for (Socket client : clients) {
        client.close();
      }
      process.destroyForcibly().waitFor();
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void s14RunsTheHooksOfOthersWhenItHasDrained(String signal, int exitCode) throws Exception {
    try (Program program = new Program(NO_OPTIONS, "1").withWork(1)) {
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
    try (Program program = new Program(NO_OPTIONS, "2").withWork(2)) {
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
    try (Program program = new Program(NO_OPTIONS, "1").withWork(1)) {
      program.signal("TERM");
      program.says("draining");
      program.signal("INT");
      program.says("cancelled");
      assertTrue(program.saysAtLast().contains("hook"));
      assertEquals(143, program.exitCode());
    }
  }

  @ParameterizedTest
  @CsvSource({"-Xrs, exit, 3", NO_SIGNALS + ", TERM, 143"})
  void s14DrainsBesideTheHooksOfOthersWhereThereIsNoSignalToCatch(
      String option, String end, int exitCode) throws Exception {
    try (Program program = new Program(List.of(option), "1").withWork(1)) {
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
  void s14LeavesASignalToTheProgramThatHandlesIt() throws Exception {
    try (Program program = new Program(NO_OPTIONS, "1", "goes on").withWork(1)) {
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
    try (Program program = new Program(NO_OPTIONS, "1", "exits").withWork(1)) {
      program.signal("TERM");
      program.says("own handler");
      program.tell("release");
      assertTrue(program.saysAtLast().containsAll(List.of("draining", "answered", "drained")));
      assertEquals(7, program.exitCode());
    }
  }
}
