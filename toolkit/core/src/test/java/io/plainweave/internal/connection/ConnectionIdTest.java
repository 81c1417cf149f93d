package io.plainweave.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.Listen;
import io.plainweave.client.Connector;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import io.plainweave.text.Addresses;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The number of a connection")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ConnectionIdTest {
  private final BlockingQueue<Connection> opened = new LinkedBlockingQueue<>();

  private Server start() throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .listen(Listen.tcp("127.0.0.2", 0))
        .handler(connection -> connection.input().transferTo(connection.output()))
        .observer(event -> {
          if (event instanceof ServerEvent.ConnectionOpened(Connection connection, _)) {
            opened.add(connection);
          }
        })
        .start();
  }

  @Test
  void risesOverAllListenersAndClientsOfTheProcess() throws Exception {
    List<Long> ids = new ArrayList<>();
    try (Server server = start();
        var client = io.plainweave.client.Client.open()) {
      for (int round = 0; round < 3; round++) {
        for (SocketAddress listener : server.addresses()) {
          var address = (InetSocketAddress) listener;
          try (Client _ = Client.connect(address.getAddress(), address.getPort(), "127.0.0.1")) {
            ids.add(opened.take().id());
          }
          Connector connector = Connector.tcp(address.getHostString(), address.getPort());
          try (Connection ofClient = client.connect(connector)) {
            Connection accepted = opened.take();
            assertEquals(2, List.of(ofClient.id(), accepted.id()).stream().distinct().count());
            ids.add(Math.max(ofClient.id(), accepted.id()));
          }
          try (Connection ofProcess = connector.connect()) {
            Connection accepted = opened.take();
            ids.add(Math.max(ofProcess.id(), accepted.id()));
          }
        }
      }
    }
    assertTrue(ids.getFirst() > 0, ids::toString);
    assertEquals(ids.stream().sorted().distinct().toList(), ids);
  }

  @Test
  void standsInItsText() throws Exception {
    try (Server server = start();
        Client client = Client.connect(server)) {
      Connection connection = opened.take();
      String peer = Addresses.format(client.socket().getLocalSocketAddress());
      assertEquals("connection %d from %s".formatted(connection.id(), peer), connection.toString());
    }
  }
}
