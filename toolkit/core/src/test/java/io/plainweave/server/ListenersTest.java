package io.plainweave.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.TimeLimits;
import io.plainweave.client.Connector;
import io.plainweave.event.DrainReport;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.InHandlers;
import io.plainweave.fixture.Proxied;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.TlsServer;
import io.plainweave.fixture.UnixClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Each listener of a server")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ListenersTest {
  private static final Duration SHORT = Duration.ofMillis(400);
  private static final TimeLimits SHORT_IDLE = TimeLimits.NONE.idle(SHORT);

  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  private final ConnectionEvents events = new ConnectionEvents();

  /** One at 127.0.0.1 and one at 127.0.0.2, in this order. */
  private Server start(TimeLimits first, TimeLimits common) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0).timeLimits(first))
        .listen(Listen.tcp("127.0.0.2", 0))
        .handler(ECHO)
        .timeLimits(common)
        .observer(events)
        .drainTimeout(Duration.ofSeconds(10))
        .start();
  }

  private static Handler saying(String text) {
    return connection -> connection.output().write(text.getBytes(US_ASCII));
  }

  private static Client connect(Server server, int listener) throws IOException {
    return connect(server.addresses().get(listener));
  }

  private static Client connect(SocketAddress listener) throws IOException {
    var address = (InetSocketAddress) listener;
    return Client.connect(address.getAddress(), address.getPort(), "127.0.0.1");
  }

  @Test
  void hasAHandlerOfItsOwnOrTheCommonOne(@TempDir Path folder) throws Exception {
    Path admin = folder.resolve("admin.sock");
    TlsServer tls = TlsServer.in(folder);
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .listen(Listen.unix(admin), saying("admin"))
                .listen(tls.listen(), saying("secret"))
                .listen(Listen.tcp("127.0.0.2", 0).acceptors(2), saying("other"))
                .handler(saying("public"))
                .start();
        Client open = connect(server, 0);
        UnixClient local = UnixClient.connect(admin);
        Client other = connect(server, 3);
        Socket secured =
            tls.connect(
                new Socket(
                    InetAddress.getLoopbackAddress(),
                    ((InetSocketAddress) server.addresses().get(2)).getPort()),
                "TLSv1.3")) {
      assertEquals("public", open.receiveAll());
      assertEquals("admin", local.receiveAll());
      assertEquals("other", other.receiveAll());
      assertEquals("secret", new String(secured.getInputStream().readAllBytes(), US_ASCII));
    }
  }

  @Test
  void hasTimeLimitsOfItsOwnThatTouchNoOther() throws Exception {
    try (Server server = start(SHORT_IDLE, TimeLimits.NONE);
        Client other = connect(server, 1);
        Client limited = connect(server, 0)) {
      other.exchange("waits longer");
      limited.exchange("hello");
      assertEquals("", limited.receiveAll());
      limited.finish();
      events.assertEndedBy(TimeLimits.Kind.IDLE);
      other.exchange("goes on");
    }
  }

  @Test
  void keepsItsTimeLimitsWhenTheCommonOnesAreChanged() throws Exception {
    try (Server server = start(TimeLimits.NONE, TimeLimits.NONE);
        Client own = connect(server, 0);
        Client common = connect(server, 1)) {
      own.exchange("waits longer");
      common.exchange("hello");
      server.changeTimeLimits(SHORT_IDLE);
      assertEquals("", common.receiveAll());
      common.finish();
      events.assertEndedBy(TimeLimits.Kind.IDLE);
      own.exchange("goes on");
      assertEquals(SHORT_IDLE, server.timeLimits());
      assertEquals(TimeLimits.NONE, server.timeLimits(server.addresses().getFirst()));
      assertEquals(SHORT_IDLE, server.timeLimits(server.addresses().getLast()));
    }
  }

  @Test
  void canBeGivenOtherTimeLimitsWhileItServes() throws Exception {
    try (Server server = start(TimeLimits.NONE, TimeLimits.NONE);
        Client other = connect(server, 0);
        Client changed = connect(server, 1)) {
      other.exchange("waits longer");
      changed.exchange("hello");
      SocketAddress listener = server.addresses().getLast();
      server.changeTimeLimits(listener, SHORT_IDLE);
      assertEquals("", changed.receiveAll());
      changed.finish();
      events.assertEndedBy(TimeLimits.Kind.IDLE);
      other.exchange("goes on");
      // From now on it has its own.
      server.changeTimeLimits(TimeLimits.DEFAULT);
      assertEquals(SHORT_IDLE, server.timeLimits(listener));
    }
  }

  @Test
  void hasTheSameTimeLimitsAtAllOfItsAddresses() throws Exception {
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("localhost", 0), ECHO)
            .listen(Listen.tcp("127.0.0.2", 0), ECHO)
            .start()) {
      List<SocketAddress> addresses = server.addresses();
      server.changeTimeLimits(addresses.getFirst(), SHORT_IDLE);
      for (SocketAddress ofLocalhost : addresses.subList(0, addresses.size() - 1)) {
        assertEquals(SHORT_IDLE, server.timeLimits(ofLocalhost));
      }
      assertEquals(TimeLimits.DEFAULT, server.timeLimits(addresses.getLast()));
    }
  }

  @Test
  void isToldByItsAddress() throws Exception {
    try (Server server = start(TimeLimits.NONE, TimeLimits.NONE)) {
      var nowhere = new InetSocketAddress("127.0.0.3", 1);
      var failure =
          assertThrows(
              IllegalArgumentException.class,
              () -> server.changeTimeLimits(nowhere, TimeLimits.NONE));
      assertEquals(
          "the server does not listen on " + nowhere + ", but on " + server.addresses(),
          failure.getMessage());
      assertThrows(IllegalArgumentException.class, () -> server.timeLimits(nowhere));
    }
  }

  @Test
  void hasItsOwnLimitForTheHandshake(@TempDir Path folder) throws Exception {
    TlsServer tls = TlsServer.in(folder);
    try (Server server =
            Server.builder()
                .listen(tls.listen().timeLimits(TimeLimits.NONE.handshake(SHORT)), ECHO)
                .listen(tls.listen(), ECHO)
                .timeLimits(TimeLimits.NONE)
                .observer(events)
                .start();
        Client _ = connect(server, 1);
        Client limited = connect(server, 0)) {
      assertTrue(limited.seesReset());
      events.assertEndedBy(TimeLimits.Kind.HANDSHAKE);
      assertEquals(1, server.connections());
    }
  }

  @Test
  void drainsWithTheOthers() throws Exception {
    try (Server server = start(TimeLimits.NONE, TimeLimits.NONE);
        Client first = connect(server, 0);
        Client second = connect(server, 1);
        Client third = connect(server, 1)) {
      first.exchange("hello");
      second.exchange("hello");
      third.exchange("hello");
      for (Connection connection : events.openConnections()) {
        connection.changeTimeLimits(TimeLimits.NONE.idle(Duration.ofHours(1)));
      }
      server.shutdown();
      for (Client client : List.of(first, second, third)) {
        assertEquals("", client.receiveAll());
        client.finish();
      }
      DrainReport report = server.drain();
      assertEquals(3, report.finished());
      assertEquals(0, report.forced());
    }
  }

  // Of one connection, whatever its listener has

  /** A client says first for how many seconds it may be silent, as in MQTT. */
  // @start region="keepAlive"
  private static void serve(Connection connection) throws IOException {
    int keepAlive = connection.input().read();
    Duration silence = Duration.ofMillis(keepAlive * 1_500L);
    connection.changeTimeLimits(connection.timeLimits().silence(silence));
    connection.input().transferTo(connection.output());
  }

  // @end

  @Test
  void letsAConnectionHaveTimeLimitsOfItsOwn() throws Exception {
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0), ListenersTest::serve)
                .timeLimits(TimeLimits.NONE)
                .observer(events)
                .start();
        Client patient = Client.connect(server);
        Client quick = Client.connect(server)) {
      patient.send("\0");
      patient.exchange("never ends");
      quick.send("\1");
      quick.exchange("hello");
      assertEquals("", quick.receiveAll());
      quick.finish();
      events.assertEndedBy(TimeLimits.Kind.SILENCE);
      patient.exchange("goes on");
      assertEquals(TimeLimits.NONE, server.timeLimits());
    }
  }

  @Test
  void letsAConnectionThatWasOpenedHereHaveTimeLimitsOfItsOwn() throws Exception {
    try (var target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        InHandlers handlers = InHandlers.start()) {
      Connector connector = Connector.tcp("127.0.0.1", target.getLocalPort());
      var closed =
          assertThrows(
              ConnectionClosedException.class,
              () ->
                  handlers.call(() -> {
                    try (Connection upstream = connector.connect()) {
                      upstream.changeTimeLimits(SHORT_IDLE);
                      return upstream.input().read();
                    }
                  }));
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), closed.reason());
    }
  }

  @Test
  void letsAConnectionHaveTimeLimitsOfItsOwnInARelay() throws Exception {
    try (Proxied proxied =
        Proxied.connect(
            TimeLimits.NONE, (connection, _) -> connection.changeTimeLimits(SHORT_IDLE))) {
      assertEquals("", proxied.upstream().receiveAll());
      proxied.upstream().finish();
      assertEquals("", proxied.client().receiveAll());
      proxied.client().finish();
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.IDLE), proxied.reason());
    }
  }
}
