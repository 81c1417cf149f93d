package io.plainweave.internal.connection;

import static io.plainweave.fixture.LimitedServer.ECHO;
import static io.plainweave.fixture.LimitedServer.SHORT;
import static io.plainweave.fixture.LimitedServer.start;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.internal.time.Ticks;
import io.plainweave.server.Server;
import io.plainweave.server.ServerInsides;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("While a handler waits, a time limit")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class WaitingLimitsTest {
  private final ConnectionEvents events = new ConnectionEvents();

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Test
  void forTheFirstByteEndsTheInputOfASilentPeer() throws Exception {
    try (Server server = start(TimeLimits.NONE.firstByte(SHORT), ECHO, events)) {
      Ticks ticks = ServerInsides.ticks(server);
      int begin = ticks.now();
      try (Client client = Client.connect(server)) {
        assertEquals("", client.receiveAll());
        assertTrue(ticks.now() - begin >= Ticks.of(SHORT));
        client.finish(); // the server waits for that
        events.assertEndedBy(TimeLimits.Kind.FIRST_BYTE);
      }
    }
  }

  @Test
  void forTheFirstByteIsOverWithTheFirstByte() throws Exception {
    try (Server server = start(TimeLimits.NONE, ECHO, events);
        Client client = Client.connect(server)) {
      client.exchange("x");
      server.changeTimeLimits(TimeLimits.NONE.firstByte(SHORT));
      pause(1200);
      client.exchange("y");
    }
  }

  @Test
  void forIdleConnectionsEndsTheInputOfAQuietPeer() throws Exception {
    try (Server server = start(TimeLimits.NONE, ECHO, events);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.changeTimeLimits(TimeLimits.NONE.idle(SHORT));
      assertEquals("", client.receiveAll());
      client.finish();
      events.assertEndedBy(TimeLimits.Kind.IDLE);
    }
  }

  @Test
  void forIdleConnectionsLetsTheHandlerSayGoodbye() throws Exception {
    Handler saysGoodbye =
        connection -> {
          connection.input().transferTo(connection.output());
          connection.output().write("bye".getBytes());
        };
    try (Server server = start(TimeLimits.NONE, saysGoodbye, events);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.changeTimeLimits(TimeLimits.NONE.idle(SHORT));
      assertEquals("bye", client.receiveAll());
      client.finish();
      events.assertEndedBy(TimeLimits.Kind.IDLE);
    }
  }

  @Test
  void forIdleConnectionsResetsAHandlerThatDoesNotEnd() throws Exception {
    var released = new CompletableFuture<Boolean>();
    Handler goesOn =
        connection -> {
          connection.input().transferTo(connection.output());
          await().until(() -> !connection.isOpen());
          released.complete(true);
        };
    try (Server server = start(TimeLimits.NONE, goesOn, events);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.changeTimeLimits(TimeLimits.NONE.idle(SHORT));
      assertTrue(client.seesReset());
      assertTrue(released.get(10, TimeUnit.SECONDS));
      events.assertEndedBy(TimeLimits.Kind.IDLE);
    }
  }

  @Test
  void forIdleConnectionsSparesAPeerThatOnlySends() throws Exception {
    Handler onlyReads = connection -> connection.input().readAllBytes();
    try (Server server = start(TimeLimits.NONE.idle(Duration.ofSeconds(2)), onlyReads, events);
        Client client = Client.connect(server)) {
      for (int i = 0; i < 55; i++) {
        client.send("x");
        pause(50);
      }
      client.finish();
      assertEquals("", client.receiveAll());
      assertEquals(new CloseReason.Finished(), events.awaitReason());
    }
  }

  @Test
  void forIdleConnectionsSparesAPeerThatOnlyReceives() throws Exception {
    Handler onlyWrites =
        connection -> {
          try (ConnectionScope scope = connection.openScope()) {
            scope.fork(
                "ticker",
                () -> {
                  for (int i = 0; i < 55; i++) {
                    connection.output().write('t');
                    connection.output().flush();
                    pause(50);
                  }
                });
            assertEquals(-1, connection.input().read());
            scope.join();
          }
        };
    try (Server server = start(TimeLimits.NONE.idle(Duration.ofSeconds(2)), onlyWrites, events);
        Client client = Client.connect(server)) {
      assertEquals("t".repeat(55), client.receive(55));
      client.finish();
      assertEquals(new CloseReason.Finished(), events.awaitReason());
    }
  }

  @Test
  void forIdleConnectionsDoesNotCountTheTimeInWhichTheHandlerWorks() throws Exception {
    var servers = new CompletableFuture<Server>();
    Handler works =
        connection -> {
          connection.input().read();
          servers.get().changeTimeLimits(TimeLimits.NONE.idle(SHORT));
          pause(1200);
          servers.get().changeTimeLimits(TimeLimits.NONE);
          connection.output().write('d');
          connection.input().transferTo(connection.output());
        };
    try (Server server = start(TimeLimits.NONE, works, events);
        Client client = Client.connect(server)) {
      servers.complete(server);
      client.send("x");
      assertEquals("d", client.receive(1));
      client.exchange("and on");
    }
  }

  @Test
  void forTheLifetimeEndsAConnectionThatIsNeverIdle() throws Exception {
    TimeLimits limits = TimeLimits.NONE.lifetime(Duration.ofSeconds(1));
    try (Server server = start(limits, ECHO, events);
        Client client = Client.connect(server)) {
      String back = "x";
      while (back.equals("x")) {
        client.send("x");
        back = client.receive(1);
        pause(5);
      }
      assertEquals("", back);
      client.finish();
      events.assertEndedBy(TimeLimits.Kind.LIFETIME);
    }
  }

  private static void closeAtEnd(Client client) {
    try (client) {
      assertEquals("", client.receiveAll());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void forTheLifetimeIsShortenedByChanceSoThatNotAllEndInOneMoment() throws Exception {
    int count = 40;
    List<Client> clients = new ArrayList<>();
    try (Server server = start(TimeLimits.NONE.lifetime(Duration.ofSeconds(4)), ECHO, events)) {
      for (int i = 0; i < count; i++) {
        clients.add(Client.connect(server));
      }
      for (Client client : clients) {
        client.exchange("x");
      }
      // At once: the server lingers until the peer has closed.
      clients.forEach(client -> Thread.startVirtualThread(() -> closeAtEnd(client)));
      var ended = events.awaitClosed(count);
      ended.forEach(
          e -> assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.LIFETIME), e.reason()));
      ended.forEach(e -> assertTrue(e.age().toMillis() >= 3600, e::toString));
      assertTrue(ended.stream().map(ServerEvent.ConnectionClosed::age).distinct().count() >= 3);
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
  }
}
