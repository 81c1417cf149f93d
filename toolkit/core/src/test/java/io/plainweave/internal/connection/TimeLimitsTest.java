package io.plainweave.internal.connection;

import static io.plainweave.fixture.LimitedServer.ECHO;
import static io.plainweave.fixture.LimitedServer.SHORT;
import static io.plainweave.fixture.LimitedServer.start;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.ConnectionScope;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A time limit")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class TimeLimitsTest {
  private final ConnectionEvents events = new ConnectionEvents();

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Test
  void forWritesResetsAPeerThatDoesNotRead() throws Exception {
    Handler writes = connection -> connection.output().write(new byte[100_000_000]);
    try (Server server = start(TimeLimits.NONE.writeStall(SHORT), writes, events);
        Client client = Client.connect(server)) {
      events.assertEndedBy(TimeLimits.Kind.WRITE_STALL);
      assertTrue(client.seesReset());
    }
  }

  @Test
  void forWritesSparesAPeerThatReadsSlowly() throws Exception {
    byte[] reply = new byte[8_000_000];
    Handler writes = connection -> connection.output().write(reply);
    try (Server server = start(TimeLimits.NONE.writeStall(Duration.ofSeconds(2)), writes, events);
        Client client = Client.connect(server)) {
      for (int received = 0; received < reply.length; received += 400_000) {
        assertEquals(400_000, client.receive(400_000).length());
        pause(130);
      }
      client.finish();
      assertEquals(new CloseReason.Finished(), events.awaitReason());
    }
  }

  @Test
  void forHalfClosedConnectionsResetsAPeerThatSaysNothing() throws Exception {
    Handler finishesFirst =
        connection -> {
          connection.finishOutput();
          connection.input().readAllBytes();
        };
    try (Server server =
            start(TimeLimits.NONE.halfClosed(Duration.ofSeconds(1)), finishesFirst, events);
        Client client = Client.connect(server)) {
      assertEquals("", client.receiveAll());
      dripUntilResetOrQuiet(client);
      events.assertEndedBy(TimeLimits.Kind.HALF_CLOSED);
    }
  }

  /** After a while of dripping, which keeps the connection alive, it falls silent. */
  private void dripUntilResetOrQuiet(Client client) throws IOException {
    for (int i = 0; i < 25; i++) {
      client.send("x");
      pause(50);
    }
    assertEquals(0, events.closed(), "bytes from the peer keep a half-closed connection");
  }

  @Test
  void forScopesEndsTheConnectionAndItsThreads() throws Exception {
    var failure = new CompletableFuture<Exception>();
    Handler forks =
        connection -> {
          try (ConnectionScope scope = connection.openScope(SHORT)) {
            scope.fork("sleeper", () -> new CountDownLatch(1).await());
            scope.join();
          } catch (IOException e) {
            failure.complete(e);
            throw e;
          }
        };
    try (Server server = start(TimeLimits.NONE, forks, events);
        Client client = Client.connect(server)) {
      assertTrue(client.seesReset());
      var closed =
          assertInstanceOf(ConnectionClosedException.class, failure.get(10, TimeUnit.SECONDS));
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.DEADLINE), closed.reason());
      events.assertEndedBy(TimeLimits.Kind.DEADLINE);
    }
  }

  @Test
  void forLingeringBoundsTheWaitForThePeersEnd() throws Exception {
    Handler replies = connection -> connection.output().write('r');
    try (Server server = start(TimeLimits.NONE.linger(SHORT), replies, events);
        Client client = Client.connect(server)) {
      assertEquals("r", client.receive(1));
      await().until(() -> server.connections() == 0);
      assertEquals(new CloseReason.Finished(), events.awaitReason());
    }
  }

  @Test
  void ofZeroForLingeringDoesNotWait() throws Exception {
    Handler replies = connection -> connection.output().write('r');
    try (Server server = start(TimeLimits.NONE.linger(Duration.ZERO), replies, events);
        Client client = Client.connect(server)) {
      assertEquals("r", client.receiveAll());
      assertTrue(events.awaitClosed(1).getFirst().age().compareTo(Duration.ofSeconds(4)) < 0);
    }
  }

  /** What would end each connection in a moment if there were a limit. */
  private enum Standstill {
    SILENT(ECHO),
    IN_MESSAGE(connection -> {
      connection.awaitMessage();
      connection.input().readNBytes(10);
    }),
    WRITING(connection -> connection.output().write(new byte[100_000_000])),
    HALF_CLOSED(connection -> {
      connection.finishOutput();
      connection.input().readAllBytes();
    });

    private final Handler handler;

    Standstill(Handler handler) {
      this.handler = handler;
    }
  }

  @ParameterizedTest
  @EnumSource(Standstill.class)
  void ofZeroIsNone(Standstill standstill) throws Exception {
    try (Server server = start(TimeLimits.NONE, standstill.handler, events);
        Client client = Client.connect(server)) {
      if (standstill == Standstill.IN_MESSAGE) {
        client.send("x");
      }
      await().until(() -> events.opened() == 1);
      pause(1500);
      assertEquals(0, events.closed());
      assertEquals(1, server.connections());
      server.shutdownNow();
    }
  }

  @ParameterizedTest
  @EnumSource(Standstill.class)
  void thatIsChangedAppliesToOpenConnections(Standstill standstill) throws Exception {
    try (Server server = start(TimeLimits.NONE, standstill.handler, events);
        Client client = Client.connect(server)) {
      if (standstill == Standstill.IN_MESSAGE) {
        client.send("x");
      }
      await().until(() -> events.opened() == 1);
      if (standstill == Standstill.IN_MESSAGE) {
        var connection = (SocketConnection) events.openConnections().getFirst();
        await()
            .until(
                () -> connection.input().activity(), ConnectionActivity.WAITING_IN_MESSAGE::equals);
      }
      server.changeTimeLimits(
          new TimeLimits(
              SHORT,
              SHORT,
              SHORT,
              Duration.ZERO,
              Duration.ZERO,
              SHORT,
              SHORT,
              Duration.ZERO,
              Duration.ofSeconds(1),
              0));
      events.assertEndedBy(
          switch (standstill) {
            case SILENT -> TimeLimits.Kind.FIRST_BYTE;
            case IN_MESSAGE -> TimeLimits.Kind.MESSAGE;
            case WRITING -> TimeLimits.Kind.WRITE_STALL;
            case HALF_CLOSED -> TimeLimits.Kind.HALF_CLOSED;
          });
    }
  }

  @Test
  void thatIsSwitchedOffInTimeDoesNotEndOpenConnections() throws Exception {
    try (Server server = start(TimeLimits.NONE.idle(Duration.ofSeconds(1)), ECHO, events);
        Client client = Client.connect(server)) {
      client.exchange("x");
      server.changeTimeLimits(TimeLimits.NONE);
      pause(1500);
      client.exchange("y");
    }
  }

  @Test
  void isRefusedIfItIsNegative() {
    var failure =
        assertThrows(
            IllegalArgumentException.class, () -> TimeLimits.DEFAULT.idle(Duration.ofMillis(-1)));
    assertEquals("idle must not be negative: PT-0.001S", failure.getMessage());
  }
}
