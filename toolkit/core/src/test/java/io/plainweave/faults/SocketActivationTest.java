package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A server that has inherited its socket")
@Tag("machine")
@Timeout(60)
class SocketActivationTest {
  /** Listens, as systemd does, and starts a program twice with that socket as standard input. */
  private static final String ACTIVATOR =
      """
      import os, socket, sys
      listening = socket.create_server(("127.0.0.1", 0))
      print(listening.getsockname()[1], flush=True)
      for i in range(2):
          child = os.fork()
          if child == 0:
              os.dup2(listening.fileno(), 0)
              os.execv(sys.argv[1], sys.argv[1:])
          os.waitpid(child, 0)
      """;

  /** Passes two sockets as systemd does, to a program that does not ask for them, or to a shell. */
  private static final String PASSES_TWO =
      """
      import os, socket, sys
      sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
      print(sockets[0].getsockname()[1], flush=True)
      if os.fork() == 0:
          for i, s in enumerate(sockets): os.dup2(s.fileno(), 20 + i)
          for i in range(2):
              os.dup2(20 + i, 3 + i)
              os.set_inheritable(3 + i, True)
          os.environ.update(LISTEN_FDS="2", LISTEN_FDNAMES="web:admin", LISTEN_PID=str(os.getpid()))
          os.execv(sys.argv[1], sys.argv[1:])
      os.wait()
      """;

  /** Makes the first socket of systemd the standard input. */
  private static final String[] SHELL = {"/bin/sh", "-c", "exec \"$0\" \"$@\" <&3"};

  @NeedsModule("jdk.unsupported")
  @Test
  void saysThatSocketsOfSystemdAreLeftUnused() throws Exception {
    Machine.needs("python3");
    Process activator = start(PASSES_TWO, "bound", Machine.java());
    try (var output = activator.inputReader()) {
      output.readLine();
      String told = output.lines().filter(line -> line.contains("WARN")).findFirst().orElseThrow();
      assertTrue(
          told.contains(
              "2 of the sockets that systemd has passed (LISTEN_FDS: web:admin) are left unused"),
          told);
    } finally {
      activator.destroyForcibly();
    }
  }

  @Test
  void takesTheFirstSocketOfSystemdFromAShell() throws Exception {
    Machine.needs("python3");
    Process activator = start(PASSES_TWO, "inherited", SHELL);
    try (var output = activator.inputReader()) {
      int port = Integer.parseInt(output.readLine());
      try (var socket = new Socket("127.0.0.1", port)) {
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write('?');
        assertEquals('?', socket.getInputStream().read());
      }
      List<String> lines = output.lines().toList();
      assertTrue(lines.contains("accepts at 127.0.0.1:" + port), lines::toString);
      assertTrue(
          lines.stream()
              .anyMatch(line -> line.contains("1 of the sockets that systemd has passed")),
          lines::toString);
    } finally {
      activator.destroyForcibly();
    }
  }

  @NeedsModule("jdk.unsupported")
  @Test
  void servesAndLeavesWhatComesAfterItsEndToTheNext() throws Exception {
    Machine.needs("python3");
    Process activator = start(ACTIVATOR, "inherited", Machine.java());
    try (var output = activator.inputReader()) {
      int port = Integer.parseInt(output.readLine());
      for (int i = 0; i < 2; i++) {
        try (var socket = new Socket("127.0.0.1", port)) {
          socket.setSoTimeout(20_000);
          socket.getOutputStream().write('?');
          assertEquals('?', socket.getInputStream().read());
        }
        assertEquals("accepts at 127.0.0.1:" + port, output.readLine());
        assertEquals("has ended", output.readLine());
      }
      assertTrue(activator.waitFor(20, TimeUnit.SECONDS));
    } finally {
      activator.destroyForcibly();
    }
  }

  @Test
  void handsItsSocketToAChildThatItStarts() throws Exception {
    Machine.needs("python3");
    Process activator = start(PASSES_TWO, "parent", SHELL);
    try (var output = activator.inputReader()) {
      int port = Integer.parseInt(output.readLine());
      for (int i = 0; i < 2; i++) {
        try (var socket = new Socket("127.0.0.1", port)) {
          socket.setSoTimeout(20_000);
          socket.getOutputStream().write('?');
          assertEquals('?', socket.getInputStream().read());
        }
      }
      assertEquals(2, output.lines().filter(line -> line.equals("has ended")).count());
    } finally {
      activator.destroyForcibly();
    }
  }

  /** Lets the script start this program in one of its ways, by a shell perhaps. */
  private static Process start(String script, String way, String... by) throws IOException {
    List<String> command = new ArrayList<>(List.of("python3", "-c", script));
    command.addAll(List.of(by));
    if (by == SHELL) {
      command.add(Machine.java());
    }
    command.addAll(Program.ARGUMENTS);
    command.add(way);
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** Serves one connection, and prints before and after, which a closed channel would prevent. */
  static final class Program {
    private static final List<String> ARGUMENTS =
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName());

    private Program() {}

    public static void main(String[] args) throws Exception {
      boolean isBound = args[0].equals("bound");
      Server[] server = new Server[1];
      server[0] =
          Server.builder()
              .listen(isBound ? Listen.tcp("127.0.0.1", 0) : Listen.inherited())
              .handler(connection -> {
                connection.output().write(connection.input().read());
                server[0].shutdown();
              })
              .build();
      server[0].start();
      System.out.println("accepts at " + server[0].addresses().getFirst().toString().substring(1));
      if (isBound) {
        server[0].close();
      }
      if (server[0].awaitTermination(Duration.ofSeconds(20))) {
        System.out.println("has ended");
      }
      if (args[0].equals("parent")) {
        List<String> command = new ArrayList<>(List.of(Machine.java()));
        command.addAll(ARGUMENTS);
        command.add("inherited");
        new ProcessBuilder(command).inheritIO().start().waitFor();
      }
    }
  }
}
