package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The model with worker processes")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class PreforkStartTest {
  private static final int WORKERS = 2;

  @TempDir static Path folder;
  static Checkout checkout;

  @BeforeAll
  static void copy() throws IOException {
    Programs.need("ss", "systemd-socket-activate");
    checkout = Checkout.in(folder);
  }

  @Test
  void sharesTheListeningSocketAtDescriptorZeroAndItsQueue() throws Exception {
    int port = FreePort.next();
    String command =
        ModelProcess.header("Prefork", "systemd-socket-activate ").replace("7000", "" + port);
    command += " " + port + " " + WORKERS;
    ChildProcess process = ModelProcess.launch(checkout, command);
    try (ModelProcess model = ModelProcess.listening(checkout, process);
        Clients clients = Clients.connect(port, WORKERS)) {
      model.awaitWorkers(WORKERS);
      for (Client client : clients) {
        client.exchange("hello");
      }
      Set<Long> workers = model.workers();
      List<ServerSockets.Row> listening = ServerSockets.of(port).listening();
      assertEquals(1, listening.size());
      Set<Long> processes = new HashSet<>(workers);
      processes.add(process.pid());
      assertEquals(processes, listening.getFirst().pids());

      try (Client next = Client.connect(port)) {
        next.send("hello");
        await("the queue").until(() -> ServerSockets.of(port).queued() == 1);
        for (long worker : workers) {
          ProcessHandle.of(worker).orElseThrow().destroy();
        }
        await("no worker that accepts")
            .until(
                () -> ServerSockets.of(port).listening().getFirst().pids(),
                Set.of(process.pid())::equals);
        for (Client client : clients) {
          client.exchange("goodbye");
          client.close();
        }
        assertEquals("hello", next.receive(5));
      }
      model.awaitWorkers(WORKERS);
      workers.retainAll(model.workers());
      assertEquals(Set.of(), workers);
      model.assertEndsAtSigterm();
    }
  }

  @Test
  void failsWhereThePortIsInUse() throws Exception {
    try (ServerSocket taken = new ServerSocket(0);
        ChildProcess process =
            ModelProcess.launch(
                checkout, ModelProcess.command("Prefork", taken.getLocalPort() + " 2"))) {
      assertEquals(1, process.exitCode());
      assertTrue(process.stderr().contains("Address already in use"), process.stderr());
      assertEquals(List.of(), checkout.processes());
    }
  }
}
