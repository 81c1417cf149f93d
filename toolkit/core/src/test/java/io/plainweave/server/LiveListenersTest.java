package io.plainweave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The listeners of a server that runs")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class LiveListenersTest {
  private static final Listen FREE_PORT = Listen.tcp("127.0.0.1", 0);
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private static ServerBuilder builder() {
    return Server.builder()
        .listen(FREE_PORT, ECHO)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false);
  }

  private static Client connect(SocketAddress address) throws IOException {
    var inet = (InetSocketAddress) address;
    return Client.connect(inet.getAddress(), inet.getPort(), "127.0.0.1");
  }

  private static void assertRefuses(SocketAddress address) {
    assertThrows(ConnectException.class, () -> connect(address));
  }

  // @start region="listen"
  /** Serves a tenant at a port of its own, until the tenant leaves. */
  private static Runnable serve(Server server, Handler tenant) throws Exception {
    SocketAddress address = server.listen(Listen.tcp("127.0.0.1", 0), tenant);
    return () -> server.stopListening(address);
  }

  // @end

  @Test
  void becomeMoreAndLess() throws Exception {
    try (Server server = builder().start()) {
      Runnable leave = serve(server, ECHO);
      assertEquals(2, server.addresses().size());
      SocketAddress added = server.addresses().getLast();
      try (Client client = connect(added)) {
        client.exchange("before");
        leave.run();
        assertRefuses(added);
        assertEquals(1, server.addresses().size());
        client.exchange("after");
        assertThrows(IllegalArgumentException.class, leave::run);

        // What has gone leaves its place to another one.
        assertEquals(added, server.listen(Listen.tcp("127.0.0.1", port(added)), ECHO));
        try (Client another = connect(added)) {
          another.exchange("again");
        }
      }
    }
  }

  private static int port(SocketAddress address) {
    return ((InetSocketAddress) address).getPort();
  }

  @Test
  void mayAllGoAndTheServerGoesOn() throws Exception {
    try (Server server = builder().start()) {
      SocketAddress only = server.addresses().getFirst();
      server.stopListening(only);
      assertRefuses(only);
      // Longer than the reaper takes to look at what is left.
      assertFalse(server.awaitTermination(Duration.ofMillis(500)));
      assertEquals(ServerState.RUNNING, server.state());
      try (Client client = connect(server.listen(FREE_PORT, ECHO))) {
        client.exchange("hello");
      }
    }
  }

  @Test
  void leaveTheirConnectionsToTheDrain() throws Exception {
    try (Server server = builder().start()) {
      var released = new CountDownLatch(1);
      SocketAddress added =
          server.listen(
              FREE_PORT,
              connection -> {
                connection.output().write('.');
                connection.output().flush();
                released.await();
                connection.output().write('!');
              });
      try (Client client = connect(added)) {
        assertEquals(".", client.receive(1));
        server.stopListening(added);
        server.shutdown();
        assertFalse(server.awaitTermination(Duration.ofMillis(300)));
        released.countDown();
        assertEquals("!", client.receiveAll());
      }
      assertTrue(server.awaitTermination(Duration.ofSeconds(10)));
      assertEquals(1, server.drain().finished());
    }
  }

  @Test
  void areThoseOfADescriptionAllTogether(@TempDir Path folder) throws Exception {
    try (Server server = builder().start()) {
      SocketAddress first = server.listen(Listen.tcp("localhost", 0).acceptors(2), ECHO);
      List<SocketAddress> all = server.addresses().subList(1, server.addresses().size());
      assertEquals(all.getFirst(), first);
      server.stopListening(all.getLast());
      all.forEach(LiveListenersTest::assertRefuses);

      Path path = folder.resolve("app.sock");
      SocketAddress unix = server.listen(Listen.unix(path), ECHO);
      assertTrue(Files.exists(path));
      server.stopListening(unix);
      assertFalse(Files.exists(path));
    }
  }

  @Test
  void letWhoeverWaitsOnASharedPortInBeforeTheyGo() throws Exception {
    Listen shared = Listen.tcp("127.0.0.1", 0).reusePort(true);
    try (Server server = builder().start()) {
      SocketAddress added = server.listen(shared, ECHO);
      ServerInsides.awaitAccepting(server);
      server.suspend();
      try (Client first = connect(added);
          Client second = connect(added)) {
        server.stopListening(added);
        server.resume();
        first.exchange("accepted");
        second.exchange("accepted");
      }
    }
  }

  @Test
  void areAsTheyWereIfOneCannotBeAdded() throws Exception {
    try (Server server = builder().start()) {
      assertThrows(
          BindException.class, () -> server.listen(Listen.tcp("127.0.0.1", server.port()), ECHO));
      assertEquals(1, server.addresses().size());
      try (Client client = Client.connect(server)) {
        client.exchange("hello");
      }
    }
  }

  @Test
  void areNotChangedBeforeTheStartNorInADrain() throws Exception {
    Server server = builder().build();
    assertThrows(IllegalStateException.class, () -> server.listen(FREE_PORT, ECHO));
    server.start();
    SocketAddress first = server.addresses().getFirst();
    try (Client client = Client.connect(server)) {
      client.send("part of a message");
      assertEquals("part", client.receive(4));
      server.shutdown();
      var failure = assertThrows(IllegalStateException.class, () -> server.listen(FREE_PORT, ECHO));
      assertTrue(failure.getMessage().contains("DRAINING"), failure.getMessage());
      assertThrows(IllegalStateException.class, () -> server.stopListening(first));
    }
    server.close();
  }

  @Test
  void areCountedDownToWhomeverWaits() throws Exception {
    try (Server server = builder().start();
        Client first = Client.connect(server);
        Client second = Client.connect(server)) {
      first.exchange("hello");
      second.exchange("hello");
      assertFalse(server.awaitConnections(1, Duration.ZERO));
      assertTrue(server.awaitConnections(2, Duration.ZERO));
      var waiting =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return server.awaitConnections(1, Duration.ofSeconds(20));
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              },
              Thread::startVirtualThread);
      first.close();
      assertTrue(waiting.get(10, TimeUnit.SECONDS));
      assertFalse(server.awaitConnections(0, Duration.ofMillis(50)));
      assertThrows(
          IllegalArgumentException.class, () -> server.awaitConnections(-1, Duration.ZERO));
    }
  }

  // @start region="few"
  /** Takes nothing new, and ends when most of the connections have ended by themselves. */
  private static void retire(Server server, int few) throws InterruptedException {
    server.suspend();
    server.awaitConnections(few, Duration.ofMinutes(10));
    server.close(); // drains those that are left
  }

  // @end

  @Test
  void mayBeFewBeforeTheServerEnds() throws Exception {
    try (Server server = builder().start();
        Client first = Client.connect(server);
        Client second = Client.connect(server)) {
      first.exchange("hello");
      second.exchange("hello");
      var retired =
          CompletableFuture.runAsync(
              () -> {
                try {
                  retire(server, 1);
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              },
              Thread::startVirtualThread);
      second.exchange("it waits");
      assertFalse(retired.isDone());
      first.close();
      retired.get(10, TimeUnit.SECONDS);
      assertEquals(ServerState.TERMINATED, server.state());
    }
  }
}
