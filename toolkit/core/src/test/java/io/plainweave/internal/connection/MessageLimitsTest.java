package io.plainweave.internal.connection;

import static io.plainweave.fixture.LimitedServer.SHORT;
import static io.plainweave.fixture.LimitedServer.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.ConnectionClosedException;
import io.plainweave.Handler;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ConnectionEvents;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.fixture.WaitingTask;
import io.plainweave.server.Server;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Within a message, a time limit")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class MessageLimitsTest {
  /** Reads messages of ten bytes and answers each with one. */
  private static final Handler MESSAGES =
      connection -> {
        while (connection.awaitMessage()) {
          connection.input().readNBytes(10);
          connection.endMessage();
          connection.output().write('.');
        }
      };

  private final ConnectionEvents events = new ConnectionEvents();

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

  @Test
  void forAMessageIsNotExtendedByDrippingBytes() throws Exception {
    TimeLimits limits = TimeLimits.NONE.message(SHORT).idle(Duration.ofSeconds(10));
    Handler longMessage =
        connection -> {
          connection.awaitMessage();
          connection.input().readNBytes(1_000_000);
        };
    try (Server server = start(limits, longMessage, events);
        Client client = Client.connect(server)) {
      dripUntilReset(client);
      events.assertEndedBy(TimeLimits.Kind.MESSAGE);
    }
  }

  @Test
  void forAMessageRunsWhileTheHandlerWorksUntilItEndsTheMessage() throws Exception {
    var released = new CountDownLatch(1);
    Handler worksInMessage =
        connection -> {
          connection.awaitMessage();
          connection.input().read();
          released.await();
          connection.endMessage();
        };
    try (Server server = start(TimeLimits.NONE.message(SHORT), worksInMessage, events);
        Client client = Client.connect(server)) {
      client.send("x");
      assertTrue(client.seesReset());
      released.countDown();
      events.assertEndedBy(TimeLimits.Kind.MESSAGE);
    }
  }

  @Test
  void forAMessageEndsAlsoTheWaitForAScope() throws Exception {
    var waiting = new WaitingTask();
    Handler joinsInMessage =
        connection -> {
          connection.awaitMessage();
          try (var scope = connection.openScope()) {
            scope.fork("waits", waiting);
            scope.join();
          }
        };
    try (Server server = start(TimeLimits.NONE.message(SHORT), joinsInMessage, events);
        Client client = Client.connect(server)) {
      client.send("x");
      assertTrue(client.seesReset());
      waiting.awaitCancelled();
      events.assertEndedBy(TimeLimits.Kind.MESSAGE);
    }
  }

  @Test
  void forAMessageBeginsAnewWithEachMessage() throws Exception {
    try (Server server = start(TimeLimits.NONE.message(Duration.ofSeconds(2)), MESSAGES, events);
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
    try (Server server = start(TimeLimits.NONE.message(SHORT), waitsForMore, events);
        Client client = Client.connect(server)) {
      client.send("x");
      assertTrue(client.seesReset());
      var closed = assertInstanceOf(ConnectionClosedException.class, failure.get());
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.MESSAGE), closed.reason());
      events.assertEndedBy(TimeLimits.Kind.MESSAGE);
    }
  }

  @Test
  void onTheReceiveRateResetsAPeerThatDrips() throws Exception {
    Handler longMessage =
        connection -> {
          connection.awaitMessage();
          connection.input().readNBytes(1_000_000);
        };
    try (Server server = start(TimeLimits.NONE.minReceiveRate(1_000), longMessage, events);
        Client client = Client.connect(server)) {
      dripUntilReset(client);
      events.assertEndedBy(TimeLimits.Kind.RECEIVE_RATE);
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
    try (Server server = start(TimeLimits.NONE.minReceiveRate(1_000), longMessage, events);
        Client client = Client.connect(server)) {
      for (int i = 0; i < 70; i++) {
        client.send("x".repeat(1_000));
        pause(100);
      }
      assertEquals("k", client.receive(1));
    }
  }
}
