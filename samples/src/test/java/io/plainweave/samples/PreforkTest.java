package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The model with worker processes, with a listening socket for each,")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class PreforkTest {
  /** The kernel gives some of so many to each of two queues; it fails to once in 2^63 times. */
  private static final int MANY = 64;

  @TempDir static Path folder;
  private static ModelProcess model;

  @BeforeAll
  static void start() throws Exception {
    Programs.need("ss");
    model = ModelProcess.start(Checkout.in(folder), "Prefork", "0 2");
  }

  @AfterAll
  static void end() throws Exception {
    if (model != null) {
      try (ModelProcess ending = model) {
        ending.assertEndsAtSigterm();
      }
    }
  }

  @BeforeEach
  void hasItsWorkers() {
    model.awaitWorkers(2);
  }

  @Test
  void letsClientsWaitInTheQueuesOfItsWorkers() throws Exception {
    try (Clients _ = Clients.connect(model.port(), MANY)) {
      await("both workers busy").until(() -> sockets().queued() == MANY - 2);
      List<ServerSockets.Row> listening = sockets().listening();
      assertEquals(2, listening.size());
      listening.forEach(row -> assertTrue(row.receiveQueue() > 0, listening::toString));
      assertEquals(model.workers(), pids(listening));
    }
    await("the end of all").until(() -> sockets().queued() == 0);
  }

  @Test
  void answersClientsWhileItsWorkersAreReplacedOneAfterAnother() throws Exception {
    Set<Long> before = model.workers();
    List<Boolean> answered = new ArrayList<>();
    for (long worker : before) {
      ProcessHandle.of(worker).orElseThrow().destroy();
      await("another worker")
          .pollInterval(Duration.ofMillis(10))
          .atMost(Duration.ofSeconds(30))
          .until(() -> {
            answered.add(isAnswered());
            return !model.workers().contains(worker) && model.workers().size() == 2;
          });
    }
    // A worker that closes its listening socket resets the client that is in its queue just then.
    int lost = Collections.frequency(answered, false);
    assertTrue(lost <= before.size(), () -> lost + " clients of " + answered.size() + " lost");
    assertEquals(model.workers(), pids(sockets().listening()));
  }

  private static boolean isAnswered() throws IOException {
    try (Client client = Client.connect(model.port())) {
      client.exchange("hello");
      return true;
    } catch (ConnectException refused) {
      throw refused;
    } catch (SocketException reset) {
      return false;
    }
  }

  @Test
  void finishesTheConnectionOfAWorkerThatGetsSigterm() throws Exception {
    try (Client client = Client.connect(model.port())) {
      client.exchange("hello");
      long worker = pids(sockets().established()).iterator().next();
      ProcessHandle.of(worker).orElseThrow().destroy();
      await("no more connections").until(() -> !pids(sockets().listening()).contains(worker));
      client.exchange("goodbye");
      client.socket().shutdownOutput();
      assertTrue(client.seesEnd());
      await("another worker").until(() -> !model.workers().contains(worker));
    }
  }

  @Test
  void replacesAWorkerThatIsKilled() throws Exception {
    long worker = model.workers().iterator().next();
    ProcessHandle.of(worker).orElseThrow().destroyForcibly();
    await("its end").until(() -> !model.workers().contains(worker));
    model.awaitWorkers(2);
    assertEquals(2, sockets().listening().size());
  }

  private static ServerSockets sockets() throws IOException, InterruptedException {
    return ServerSockets.of(model.port());
  }

  private static Set<Long> pids(List<ServerSockets.Row> rows) {
    return rows.stream().flatMap(row -> row.pids().stream()).collect(Collectors.toSet());
  }
}
