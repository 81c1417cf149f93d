package io.plainweave.messaging;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.MemoryConnection;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A heartbeat")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class HeartbeatTest {
  private static final byte[] PING = "ping\n".getBytes(US_ASCII);

  private final ClosedConnections closed = new ClosedConnections();
  private final CompletableFuture<Outbox> outboxes = new CompletableFuture<>();

  private Server start(Duration interval) throws Exception {
    return closed.start(
        // @start region="heartbeat"
        connection -> {
          var outbox = new Outbox(connection, 100, Outbox.Policy.DISCONNECT);
          outbox.heartbeat(interval, PING); // the peer hears of us at least so often
          connection.changeTimeLimits( // and we of the peer
              connection.timeLimits().idle(Duration.ZERO).silence(Duration.ofMinutes(1)));
          try (var scope = connection.openScope()) {
            scope.fork("outbox", outbox);
            outboxes.complete(outbox);
            connection.input().readAllBytes();
            outbox.close();
            scope.join();
          }
        }
        // @end
        );
  }

  @Test
  void isSentAgainAndAgainWhileNothingElseIs() throws Exception {
    try (Server server = start(Duration.ofMillis(100));
        Client client = Client.connect(server)) {
      long begin = System.nanoTime();
      assertEquals("ping\n".repeat(5), client.receive(25));
      Duration taken = Duration.ofNanos(System.nanoTime() - begin);
      assertTrue(taken.toMillis() >= 400, () -> "five took " + taken);
      assertEquals(0, outboxes.get().dropped());
      client.finish();
      client.receiveAll();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void isNotSentWhileThereAreMessages() throws Exception {
    try (Server server = start(Duration.ofSeconds(2));
        Client client = Client.connect(server)) {
      Outbox outbox = outboxes.get();
      long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
      for (int i = 0; System.nanoTime() < end; i++) {
        outbox.offer(new byte[] {'x'});
        assertEquals("x", client.receive(1));
        assertFalse(client.isAtEndWithin(Duration.ofMillis(100)));
      }
      assertEquals("ping\n", client.receive(5));
    }
  }

  @Test
  void canBeChangedWhileTheOutboxWaits() throws Exception {
    try (Server server = start(Duration.ZERO);
        Client client = Client.connect(server)) {
      Outbox outbox = outboxes.get();
      assertFalse(client.isAtEndWithin(Duration.ofMillis(300)));
      outbox.heartbeat(Duration.ofMillis(50), "pong\n".getBytes(US_ASCII));
      assertEquals("pong\npong\n", client.receive(10));
      outbox.heartbeat(Duration.ZERO, PING);
      outbox.offer("end".getBytes(US_ASCII));
      assertTrue(client.receive(3).matches("end|pon"));
      client.finish();
      assertEquals(new CloseReason.Finished(), closed.next());
    }
  }

  @Test
  void hasNoNegativeInterval() throws Exception {
    var outbox = new Outbox(new MemoryConnection(""), 1, Outbox.Policy.DISCONNECT);
    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> outbox.heartbeat(Duration.ofNanos(-1), PING));
    assertEquals("the interval must not be negative: PT-0.000000001S", refused.getMessage());
  }
}
