package io.plainweave.event;

import static io.plainweave.fixture.TlsServer.receive;
import static io.plainweave.fixture.TlsServer.send;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TcpOptions;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.TlsTest;
import io.plainweave.server.Server;
import io.plainweave.tls.TlsSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An observer, of the phases of a connection,")
class PhaseEventsTest extends TlsTest {
  private final Queue<ServerEvent> told = new ConcurrentLinkedQueue<>();

  private Server startTelling(Listen listen, Handler handler) throws Exception {
    return Server.builder()
        .listen(listen)
        .handler(handler)
        .observer(event -> {
          switch (event) {
            case ServerEvent.ConnectionOpened _,
                ServerEvent.ConnectionClosed _,
                ServerEvent.HandshakeBegan _,
                ServerEvent.HandshakeEnded _,
                ServerEvent.WriteStallBegan _,
                ServerEvent.WriteStallEnded _ ->
                told.add(event);
            default -> {
              // Not about one connection.
            }
          }
        })
        .observer(events)
        .stopOnSignal(false)
        .start();
  }

  private List<String> names() {
    return told.stream().map(event -> event.getClass().getSimpleName()).toList();
  }

  private <T extends ServerEvent> T only(Class<T> type) {
    List<T> all = new ArrayList<>();
    told.stream().filter(type::isInstance).map(type::cast).forEach(all::add);
    assertEquals(1, all.size(), all::toString);
    return all.getFirst();
  }

  @Test
  void isToldOfAHandshakeAndWhatItHasAgreedOn() throws Exception {
    try (Server server = startTelling(tls.listen().name("mail"), ECHO)) {
      try (SSLSocket client = tls.connect(server, "TLSv1.3")) {
        send(client, "hello");
        assertEquals("hello", receive(client, 5));
      }
      events.awaitClosed(1);
      assertEquals(
          List.of("ConnectionOpened", "HandshakeBegan", "HandshakeEnded", "ConnectionClosed"),
          names());
      var ended = only(ServerEvent.HandshakeEnded.class);
      assertTrue(ended.failure().isEmpty());
      assertTrue(ended.elapsed().isPositive());
      assertEquals("TLSv1.3", ended.connection().tls().map(TlsSession::protocol).orElseThrow());
      assertEquals("mail", ended.listener());
      assertEquals("mail", only(ServerEvent.ConnectionOpened.class).listener());
      assertEquals("mail", only(ServerEvent.HandshakeBegan.class).listener());
      assertEquals("mail", only(ServerEvent.ConnectionClosed.class).listener());
    }
  }

  @Test
  void isToldOfTheAddressOfAListenerWithoutAName() throws Exception {
    try (Server server = startTelling(Listen.tcp("127.0.0.1", 0), ECHO);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      assertEquals(
          "127.0.0.1:" + server.port(), only(ServerEvent.ConnectionOpened.class).listener());
    }
  }

  @Test
  void isToldWhyAHandshakeHasFailed() throws Exception {
    try (Server server = startTelling(tls.listen(), ECHO);
        Client client = Client.connect(server)) {
      client.send("this is no TLS at all\r\n");
      CloseReason reason = events.awaitReason();
      assertInstanceOf(CloseReason.TlsFailed.class, reason);
      assertEquals(reason, only(ServerEvent.HandshakeEnded.class).failure().orElseThrow());
    }
  }

  @Test
  void isToldOfAPeerThatLeavesInsteadOfAHandshake() throws Exception {
    try (Server server = startTelling(tls.listen(), ECHO);
        Client client = Client.connect(server)) {
      client.finish();
      assertEquals("", client.receiveAll());
      events.awaitClosed(1);
      assertEquals(
          new CloseReason.Finished(),
          only(ServerEvent.HandshakeEnded.class).failure().orElseThrow());
    }
  }

  @Test
  void isToldOfAHandshakeThatTheHandlerBegins() throws Exception {
    Handler handler =
        connection -> {
          connection.startTls(tls.tls());
          ECHO.handle(connection);
        };
    try (Server server = startTelling(Listen.tcp("127.0.0.1", 0), handler);
        SSLSocket client = tls.connect(server, "TLSv1.3")) {
      send(client, "hello");
      assertEquals("hello", receive(client, 5));
      assertTrue(only(ServerEvent.HandshakeEnded.class).failure().isEmpty());
    }
  }

  @Test
  void isToldOfAStallThatTheEndOfTheConnectionEnds() throws Exception {
    Listen listen =
        Listen.tcp("127.0.0.1", 0).name("slow").options(TcpOptions.DEFAULT.sendBuffer(16 * 1024));
    Handler floods = connection -> connection.output().write(new byte[8_000_000]);
    try (Server server = startTelling(listen, floods)) {
      try (Client client = Client.connect(server)) {
        await().atMost(Duration.ofSeconds(20)).until(() -> names().contains("WriteStallBegan"));
        client.reset();
      }
      await().atMost(Duration.ofSeconds(20)).until(() -> names().contains("WriteStallEnded"));
      events.awaitClosed(1);
      assertEquals("slow", only(ServerEvent.WriteStallBegan.class).listener());
      Duration elapsed = only(ServerEvent.WriteStallEnded.class).elapsed();
      assertTrue(elapsed.compareTo(Duration.ofSeconds(1)) >= 0, elapsed::toString);
    }
  }
}
