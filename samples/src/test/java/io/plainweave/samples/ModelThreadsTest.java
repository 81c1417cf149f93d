package io.plainweave.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A server model of one process")
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class ModelThreadsTest {
  @TempDir static Path folder;
  static Checkout checkout;

  @BeforeAll
  static void copy() throws IOException {
    Programs.need("ss", "strace");
    checkout = Checkout.in(folder);
  }

  @ParameterizedTest
  @CsvSource({"OneAtATime, 0, 1", "ThreadPool, 0 3, 3"})
  void letsTheClientBeyondItsThreadsWaitInTheAcceptQueue(String name, String arguments, int threads)
      throws Exception {
    List<Client> served = new ArrayList<>();
    try (ModelProcess model = ModelProcess.start(checkout, name, arguments)) {
      for (int i = 0; i < threads; i++) {
        served.add(Client.connect(model.port()));
        served.getLast().exchange("hello");
      }
      try (Client next = Client.connect(model.port())) {
        next.send("hello");
        await("the queue").until(() -> ServerSockets.of(model.port()).queued() == 1);
        ServerSockets sockets = ServerSockets.of(model.port());
        assertEquals(threads + 1, sockets.established().size());
        assertEquals(1, sockets.established().stream().filter(row -> row.pids().isEmpty()).count());
        Client.connect(model.port()).reset(); // in the queue
        served.getFirst().exchange("hello");
        assertFalse(next.hasReceived(1));

        served.removeFirst().close();
        assertEquals("hello", next.receive(5));
        next.close();
        try (Client last = Client.connect(model.port())) {
          last.exchange("hello");
          assertEquals(0, ServerSockets.of(model.port()).queued());
        }
      }
    } finally {
      for (Client client : served) {
        client.close();
      }
    }
  }

  @Test
  void hasAThreadForEachConnection() throws Exception {
    try (ModelProcess model = ModelProcess.start(checkout, "ThreadPerConnection", "0")) {
      assertEquals(0, unnamedThreads(model));
      try (Clients clients = Clients.connect(model.port(), 50)) {
        exchange(clients);
        assertEquals(50, unnamedThreads(model));
      }
      await("threads").until(() -> unnamedThreads(model) == 0);
    }
  }

  @Test
  void needsNoThreadOfTheOperatingSystemForAVirtualOne() throws Exception {
    try (ModelProcess model = ModelProcess.start(checkout, "VirtualThreadPerConnection", "0");
        Clients first = Clients.connect(model.port(), 1)) {
      exchange(first);
      int threads = model.threads().size();
      try (Clients clients = Clients.connect(model.port(), 50)) {
        exchange(clients);
        assertEquals(0, unnamedThreads(model));
        int more = model.threads().size() - threads;
        assertTrue(more < 25, () -> more + " threads more for 50 connections");
      }
    }
  }

  /** Of those that the JVM itself starts, each has a name. */
  private static long unnamedThreads(ModelProcess model) throws IOException {
    return model.threads().stream().filter(name -> name.startsWith("Thread-")).count();
  }

  @Test
  void passesEveryDescriptorToPollInEachRound() throws Exception {
    Path trace = trace("SelectLoop");
    // 20 connections, the listening socket, and the one with which the JDK wakes the thread.
    await("rounds").until(() -> find(trace, "p?poll\\(.*, 22, (-1|NULL)"));
    assertFalse(find(trace, "epoll_p?wait2?\\("));
  }

  @Test
  void waitsInEpollForWhatIsReady() throws Exception {
    Path trace = trace("EpollLoop");
    await("rounds").until(() -> find(trace, "epoll_p?wait2?\\("));
    assertFalse(find(trace, "\\bp?poll\\(.*, [0-9]{2,}, (-1|NULL)"));
  }

  /** Serves 20 clients, and returns the calls in which the server has waited. */
  private static Path trace(String name) throws Exception {
    Path trace = Files.createTempFile(folder, "trace", "");
    // -I 2 lets it pass SIGTERM on to the server.
    String strace = "strace -I 2 -f --seccomp-bpf -o " + trace + " -e trace=/^e?p?poll ";
    ChildProcess process = ModelProcess.launch(checkout, strace + ModelProcess.command(name, "0"));
    try (ModelProcess model = ModelProcess.listening(checkout, process);
        Clients clients = Clients.connect(model.port(), 20)) {
      exchange(clients);
      exchange(clients);
    }
    return trace;
  }

  private static boolean find(Path trace, String call) throws IOException {
    return Pattern.compile(call).matcher(Files.readString(trace)).find();
  }

  private static void exchange(Clients clients) throws IOException {
    for (Client client : clients) {
      client.exchange("hello");
    }
  }
}
