package io.plainweave.internal.socket;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.Undisturbed;
import io.plainweave.server.Server;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A listener whose port others may share")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class SharedPortTest {
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private static final TcpListen SHARED = Listen.tcp("127.0.0.1", 0).reusePort(true);

  @Test
  void givesOutWhatWaitsInItsBacklogBeforeItCloses() throws Exception {
    Machine.needsProc();
    try (Listener listener = Listener.bind(SHARED).getFirst();
        SocketChannel _ = SocketChannel.open(listener.address());
        SocketChannel _ = SocketChannel.open(listener.address())) {
      await().until(() -> listener.status().waiting().equals(OptionalInt.of(2)));
      listener.finish();
      try (SocketChannel first = listener.accept();
          SocketChannel second = listener.accept()) {
        assertNotNull(first);
        assertNotNull(second);
        assertTrue(listener.isOpen());
        assertNull(listener.accept());
        assertRefused(listener.address());
      }
    }
  }

  /** Fills the backlog and ends the server: everybody who waits there is answered. */
  private static void assertAnswersItsBacklog(Server server, int count) throws Exception {
    server.suspend();
    List<Client> waiting = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        Client client = Client.connect(server);
        waiting.add(client);
        client.send("hello");
      }
      server.resume();
      server.shutdown();
      for (Client client : waiting) {
        assertEquals("hello", client.receiveAll());
        client.close();
      }
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
    } finally {
      for (Client client : waiting) {
        client.close();
      }
    }
  }

  @Test
  void mayHaveSeveralAcceptorsAtOneAddress() throws Exception {
    Listen three = SHARED.acceptors(3);
    Undisturbed.run(() -> {
      try (Server server = Server.builder().listen(three).handler(ECHO).start()) {
        assertEquals(1, server.addresses().size());
        assertAnswersItsBacklog(server, 30);
        assertRefused(server.addresses().getFirst());
      }
    });
  }

  @Test
  void isClosedThoughItsAcceptorWaitsForAConnection() throws Exception {
    try (Server server = Server.builder().listen(SHARED).handler(ECHO).start()) {
      SocketAddress address = server.addresses().getFirst();
      server.shutdown();
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertRefused(address);
    }
  }

  @Test
  void isDrainedWithAnAnswerToEveryMessageInItsBacklog() throws Exception {
    Undisturbed.run(() -> {
      try (Server server = Server.builder().listen(SHARED).handler(ECHO).start()) {
        assertAnswersItsBacklog(server, 20);
      }
    });
  }

  @Test
  void isClosedThoughNoPermitIsLeftForWhatWaits() throws Exception {
    try (Server server = Server.builder().listen(SHARED).handler(ECHO).start();
        Client open = Client.connect(server)) {
      open.exchange("hello");
      server.suspend();
      try (Client waiting = Client.connect(server)) {
        server.shutdown();
        assertTrue(waiting.seesReset() || waiting.receiveAll().isEmpty());
        assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      }
    }
  }

  private static void assertRefused(SocketAddress address) {
    assertThrows(ConnectException.class, () -> SocketChannel.open(address).close());
  }
}
