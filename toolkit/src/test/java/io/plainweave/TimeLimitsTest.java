package io.plainweave;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
  private static final Handler ECHO =
      connection -> connection.input().transferTo(connection.output());

  /** Reads messages of ten bytes and answers each with one. */
  private static final Handler MESSAGES =
      connection -> {
        while (connection.awaitMessage()) {
          connection.input().readNBytes(10);
          connection.endMessage();
          connection.output().write('.');
        }
      };

  private static final Duration SHORT = Duration.ofMillis(400);

  private final ConnectionEvents events = new ConnectionEvents();

  private Server start(TimeLimits limits, Handler handler) throws Exception {
    return Server.builder()
        .listen(Listen.tcp("127.0.0.1", 0))
        .handler(handler)
        .timeLimits(limits)
        .observer(events)
        .drainTimeout(Duration.ofSeconds(10))
        .stopOnSignal(false)
        .start();
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  /** Sends a byte now and then until that fails; a limit of the time of a test ends it. */
  private static void dripUntilReset(Client client) throws IOException {
    assertThrows(
        SocketException.class,
        () -> {
          while (true) {
            client.send("x");
            pause(50);
          }
        });
  }

  private void assertEndedBy(TimeLimit limit) {
    assertEquals(new CloseReason.TimedOut(limit), events.awaitReason());
  }

  @Test
  void forTheFirstByteEndsTheInputOfASilentPeer() throws Exception {
    try (Server server = start(TimeLimits.NONE.withFirstByte(SHORT), ECHO)) {
      Ticks ticks = server.context().ticks();
      int begin = ticks.now();
      try (Client client = Client.connect(server)) {
        assertEquals("", client.receiveAll());
        assertTrue(ticks.now() - begin >= Ticks.of(SHORT));
        assertEndedBy(TimeLimit.FIRST_BYTE);
      }
    }
  }

  @Test
  void forTheFirstByteIsOverWithTheFirstByte() throws Exception {
    try (Server server = start(TimeLimits.NONE, ECHO);
        Client client = Client.connect(server)) {
      client.exchange("x");
      server.changeTimeLimits(TimeLimits.NONE.withFirstByte(SHORT));
      pause(1200);
      client.exchange("y");
    }
  }

  @Test
  void forAMessageIsNotExtendedByDrippingBytes() throws Exception {
    TimeLimits limits = TimeLimits.NONE.withMessage(SHORT).withIdle(Duration.ofSeconds(10));
    Handler longMessage =
        connection -> {
          connection.awaitMessage();
          connection.input().readNBytes(1_000_000);
        };
    try (Server server = start(limits, longMessage);
        Client client = Client.connect(server)) {
      dripUntilReset(client);
      assertEndedBy(TimeLimit.MESSAGE);
    }
  }

  @Test
  void forAMessageBeginsAnewWithEachMessage() throws Exception {
    try (Server server = start(TimeLimits.NONE.withMessage(Duration.ofSeconds(2)), MESSAGES);
        Client client = Client.connect(server)) {
      for (int i = 0; i < 8; i++) {
        client.send("01234");
        pause(300);
        client.send("56789");
        assertEquals(".", client.receive(1));
      }
      pause(2500);
      client.send("0123456789");
      assertEquals(".", client.receive(1));
    }
  }

  @Test
  void tellsTheHandlerThatItWasTheOne() throws Exception {
    var failure = new CompletableFuture<Exception>();
    Handler waitsForMore =
        connection -> {
          connection.awaitMessage();
          connection.input().read();
          try {
            connection.input().read();
          } catch (IOException e) {
            failure.complete(e);
            throw e;
          }
        };
    try (Server server = start(TimeLimits.NONE.withMessage(SHORT), waitsForMore);
        Client client = Client.connect(server)) {
      client.send("x");
      assertTrue(client.seesReset());
      var closed = assertInstanceOf(ConnectionClosedException.class, failure.get());
      assertEquals(new CloseReason.TimedOut(TimeLimit.MESSAGE), closed.reason());
      assertEndedBy(TimeLimit.MESSAGE);
    }
  }

  @Test
  void forIdleConnectionsEndsTheInputOfAQuietPeer() throws Exception {
    try (Server server = start(TimeLimits.NONE, ECHO);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.changeTimeLimits(TimeLimits.NONE.withIdle(SHORT));
      assertEquals("", client.receiveAll());
      assertEndedBy(TimeLimit.IDLE);
    }
  }

  @Test
  void forIdleConnectionsLetsTheHandlerSayGoodbye() throws Exception {
    Handler saysGoodbye =
        connection -> {
          connection.input().transferTo(connection.output());
          connection.output().write("bye".getBytes());
        };
    try (Server server = start(TimeLimits.NONE, saysGoodbye);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.changeTimeLimits(TimeLimits.NONE.withIdle(SHORT));
      assertEquals("bye", client.receiveAll());
      assertEndedBy(TimeLimit.IDLE);
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
    try (Server server = start(TimeLimits.NONE, goesOn);
        Client client = Client.connect(server)) {
      client.exchange("hello");
      server.changeTimeLimits(TimeLimits.NONE.withIdle(SHORT));
      assertTrue(client.seesReset());
      assertTrue(released.get(10, TimeUnit.SECONDS));
      assertEndedBy(TimeLimit.IDLE);
    }
  }

  @Test
  void forIdleConnectionsSparesAPeerThatOnlySends() throws Exception {
    Handler onlyReads = connection -> connection.input().readAllBytes();
    try (Server server = start(TimeLimits.NONE.withIdle(Duration.ofSeconds(2)), onlyReads);
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
    try (Server server = start(TimeLimits.NONE.withIdle(Duration.ofSeconds(2)), onlyWrites);
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
          servers.get().changeTimeLimits(TimeLimits.NONE.withIdle(SHORT));
          pause(1200);
          servers.get().changeTimeLimits(TimeLimits.NONE);
          connection.output().write('d');
          connection.input().transferTo(connection.output());
        };
    try (Server server = start(TimeLimits.NONE, works);
        Client client = Client.connect(server)) {
      servers.complete(server);
      client.send("x");
      assertEquals("d", client.receive(1));
      client.exchange("and on");
    }
  }

  @Test
  void forWritesResetsAPeerThatDoesNotRead() throws Exception {
    Handler writes = connection -> connection.output().write(new byte[100_000_000]);
    try (Server server = start(TimeLimits.NONE.withWriteStall(SHORT), writes);
        Client client = Client.connect(server)) {
      assertEndedBy(TimeLimit.WRITE_STALL);
      assertTrue(client.seesReset());
    }
  }

  @Test
  void forWritesSparesAPeerThatReadsSlowly() throws Exception {
    byte[] reply = new byte[8_000_000];
    Handler writes = connection -> connection.output().write(reply);
    try (Server server = start(TimeLimits.NONE.withWriteStall(Duration.ofSeconds(2)), writes);
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
            start(TimeLimits.NONE.withHalfClosed(Duration.ofSeconds(1)), finishesFirst);
        Client client = Client.connect(server)) {
      assertEquals("", client.receiveAll());
      dripUntilResetOrQuiet(client);
      assertEndedBy(TimeLimit.HALF_CLOSED);
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
  void forTheLifetimeEndsAConnectionThatIsNeverIdle() throws Exception {
    TimeLimits limits = TimeLimits.NONE.withLifetime(Duration.ofSeconds(1));
    try (Server server = start(limits, ECHO);
        Client client = Client.connect(server)) {
      String back = "x";
      while (back.equals("x")) {
        client.send("x");
        back = client.receive(1);
        pause(5);
      }
      assertEquals("", back);
      client.finish();
      assertEndedBy(TimeLimit.LIFETIME);
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
    try (Server server = start(TimeLimits.NONE.withLifetime(Duration.ofSeconds(4)), ECHO)) {
      for (int i = 0; i < count; i++) {
        clients.add(Client.connect(server));
      }
      for (Client client : clients) {
        client.exchange("x");
      }
      // At once: the server lingers until the peer has closed.
      clients.forEach(client -> Thread.startVirtualThread(() -> closeAtEnd(client)));
      var ended = events.awaitClosed(count);
      ended.forEach(e -> assertEquals(new CloseReason.TimedOut(TimeLimit.LIFETIME), e.reason()));
      ended.forEach(e -> assertTrue(e.age().toMillis() >= 3600, e::toString));
      assertTrue(ended.stream().map(ServerEvent.ConnectionClosed::age).distinct().count() >= 3);
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
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
    try (Server server = start(TimeLimits.NONE, forks);
        Client client = Client.connect(server)) {
      assertTrue(client.seesReset());
      var closed =
          assertInstanceOf(ConnectionClosedException.class, failure.get(10, TimeUnit.SECONDS));
      assertEquals(new CloseReason.TimedOut(TimeLimit.SCOPE), closed.reason());
      assertEndedBy(TimeLimit.SCOPE);
    }
  }

  @Test
  void onTheReceiveRateResetsAPeerThatDrips() throws Exception {
    Handler longMessage =
        connection -> {
          connection.awaitMessage();
          connection.input().readNBytes(1_000_000);
        };
    try (Server server = start(TimeLimits.NONE.withMinReceiveRate(1_000), longMessage);
        Client client = Client.connect(server)) {
      dripUntilReset(client);
      assertEndedBy(TimeLimit.RECEIVE_RATE);
    }
  }

  @Test
  void onTheReceiveRateSparesAPeerThatIsFastEnough() throws Exception {
    Handler longMessage =
        connection -> {
          connection.awaitMessage();
          connection.input().readNBytes(70 * 1_000);
          connection.endMessage();
          connection.output().write('k');
        };
    try (Server server = start(TimeLimits.NONE.withMinReceiveRate(1_000), longMessage);
        Client client = Client.connect(server)) {
      for (int i = 0; i < 70; i++) {
        client.send("x".repeat(1_000));
        pause(100);
      }
      assertEquals("k", client.receive(1));
    }
  }

  @Test
  void forLingeringBoundsTheWaitForThePeersEnd() throws Exception {
    Handler replies = connection -> connection.output().write('r');
    try (Server server = start(TimeLimits.NONE.withLinger(SHORT), replies);
        Client client = Client.connect(server)) {
      assertEquals("r", client.receive(1));
      await().until(() -> server.connections() == 0);
      assertEquals(new CloseReason.Finished(), events.awaitReason());
    }
  }

  @Test
  void ofZeroForLingeringDoesNotWait() throws Exception {
    Handler replies = connection -> connection.output().write('r');
    try (Server server = start(TimeLimits.NONE.withLinger(Duration.ZERO), replies);
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
    try (Server server = start(TimeLimits.NONE, standstill.handler);
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
    try (Server server = start(TimeLimits.NONE, standstill.handler);
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
              SHORT,
              SHORT,
              Duration.ZERO,
              Duration.ofSeconds(1),
              0));
      assertEndedBy(
          switch (standstill) {
            case SILENT -> TimeLimit.FIRST_BYTE;
            case IN_MESSAGE -> TimeLimit.MESSAGE;
            case WRITING -> TimeLimit.WRITE_STALL;
            case HALF_CLOSED -> TimeLimit.HALF_CLOSED;
          });
    }
  }

  @Test
  void thatIsSwitchedOffInTimeDoesNotEndOpenConnections() throws Exception {
    try (Server server = start(TimeLimits.NONE.withIdle(Duration.ofSeconds(1)), ECHO);
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
            IllegalArgumentException.class,
            () -> TimeLimits.DEFAULT.withIdle(Duration.ofMillis(-1)));
    assertEquals("idle must not be negative: PT-0.001S", failure.getMessage());
  }
}
