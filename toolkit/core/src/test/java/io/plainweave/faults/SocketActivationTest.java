package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Listen;
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

  @Test
  void servesAndLeavesWhatComesAfterItsEndToTheNext() throws Exception {
    Machine.needs("python3");
    Process activator = start(ACTIVATOR);
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

  private static Process start(String script) throws IOException {
    List<String> command = new ArrayList<>(List.of("python3", "-c", script));
    command.add(Machine.java());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Program.class.getName()));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /** Serves one connection, and prints before and after, which a closed channel would prevent. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) throws Exception {
      Server[] server = new Server[1];
      server[0] =
          Server.builder()
              .listen(Listen.inherited())
              .handler(connection -> {
                connection.output().write(connection.input().read());
                server[0].shutdown();
              })
              .build();
      server[0].start();
      System.out.println("accepts at " + server[0].addresses().getFirst().toString().substring(1));
      if (server[0].awaitTermination(Duration.ofSeconds(20))) {
        System.out.println("has ended");
      }
    }
  }
}
