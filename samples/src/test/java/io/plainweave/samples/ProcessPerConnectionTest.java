package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The model with a process for each connection")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class ProcessPerConnectionTest {
  @TempDir static Path folder;

  @Test
  void givesEachConnectionToAChildThatHasNoOtherSocketAndEndsWithItsClient() throws Exception {
    Programs.need("ss", "systemd-socket-activate");
    String port = Integer.toString(FreePort.next());
    try (ModelProcess model =
            ModelProcess.start(Checkout.in(folder), "ProcessPerConnection", port);
        Client staying = model.connect();
        Client leaving = model.connect()) {
      staying.exchange("hello");
      leaving.exchange("hello");
      long parent = children(model.process().pid()).iterator().next();
      assertSockets(model, parent, 2);

      leaving.close();
      await("the end of a child")
          .atMost(Duration.ofSeconds(20))
          .until(() -> children(parent).size() == 1);
      staying.exchange("hello");
      assertSockets(model, parent, 1);

      model.assertEndsAtSigterm();
      assertTrue(staying.seesEnd());
    }
  }

  /** The parent has the listening socket alone, and each child a connection alone. */
  private static void assertSockets(ModelProcess model, long parent, int connections)
      throws Exception {
    ServerSockets sockets = ServerSockets.of(model.port());
    assertEquals(1, sockets.listening().size());
    assertEquals(Set.of(parent), sockets.listening().getFirst().pids());
    assertEquals(connections, sockets.established().size());
    sockets.established().forEach(connection -> assertEquals(1, connection.pids().size()));
    Set<Long> servers =
        sockets.established().stream()
            .flatMap(connection -> connection.pids().stream())
            .collect(Collectors.toSet());
    assertEquals(children(parent), servers);
  }

  private static Set<Long> children(long parent) {
    return ProcessHandle.of(parent).stream()
        .flatMap(ProcessHandle::children)
        .map(ProcessHandle::pid)
        .collect(Collectors.toSet());
  }
}
