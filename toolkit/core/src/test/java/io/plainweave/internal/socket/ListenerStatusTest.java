package io.plainweave.internal.socket;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.event.ListenerStatus;
import io.plainweave.faults.Machine;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The state of a listener")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ListenerStatusTest {
  private static final Path LONGEST = Path.of("/proc/sys/net/core/somaxconn");

  @Test
  void saysHowManyMayWaitAndHowManyDo(@TempDir Path folder) throws Exception {
    assumeTrue(Files.isReadable(LONGEST), "this is not Linux");
    int longest = Math.min(65_535, Integer.parseInt(Files.readAllLines(LONGEST).getFirst()));
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .listen(Listen.unix(folder.resolve("s")))
            .handler(connection -> connection.input().transferTo(connection.output()))
            .start()) {
      ListenerStatus idle = server.listeners().getFirst();
      assertEquals(server.addresses().getFirst(), idle.address());
      assertEquals(OptionalInt.of(longest), idle.backlog());
      assertEquals(OptionalInt.of(0), idle.waiting());
      ListenerStatus unix = server.listeners().getLast();
      assertEquals(OptionalInt.of(longest), unix.backlog());
      assertEquals(OptionalInt.empty(), unix.waiting());
      ServerInsides.awaitAccepting(server);
      server.suspend();
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        clients.add(Client.connect(server));
      }
      // The acceptor has one of them in its hands.
      await()
          .untilAsserted(
              () -> assertEquals(OptionalInt.of(3), server.listeners().getFirst().waiting()));
      server.resume();
      for (Client client : clients) {
        client.exchange("hello");
        client.close();
      }
      assertEquals(OptionalInt.of(0), server.listeners().getFirst().waiting());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "0.0.0.0", "127.0.0.1", "::1"})
  void isThatOfItsOwnSocketThoughOthersListenThere(String host) throws Exception {
    if (host.contains(":")) {
      Machine.needsIpv6();
    }
    assumeTrue(Files.isReadable(LONGEST), "this is not Linux");
    TcpListen any = host.equals("*") ? Listen.tcp(0) : Listen.tcp(host, 0);
    try (Listener first = Listener.bind(any.reusePort(true)).getFirst()) {
      int port = ((InetSocketAddress) first.address()).getPort();
      TcpListen same = host.equals("*") ? Listen.tcp(port) : Listen.tcp(host, port);
      try (Listener second = Listener.bind(same.reusePort(true)).getFirst()) {
        assertEquals(OptionalInt.of(0), first.status().waiting());
        assertEquals(OptionalInt.of(0), second.status().waiting());
      }
    }
  }
}
