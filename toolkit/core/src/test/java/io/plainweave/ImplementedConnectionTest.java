package io.plainweave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.client.Relay;
import io.plainweave.fixture.MemoryConnection;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.Lines;
import io.plainweave.messaging.Group;
import io.plainweave.messaging.Outbox;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A connection that a test implements")
@ExtendWith(ResourceGuard.class)
@Timeout(10)
class ImplementedConnectionTest {
  /** A chat room of one: what comes is broadcast, in capitals. */
  private static void chat(Connection connection) throws Exception {
    var room = new Group();
    try (var scope = connection.openScope();
        var outbox = new Outbox(connection, 16, Outbox.Policy.DISCONNECT)) {
      scope.fork("outbox", outbox);
      room.join("only", outbox);
      Lines lines = Lines.of(connection, 100);
      for (String line; (line = lines.read()) != null; ) {
        room.broadcast((line.toUpperCase() + "\n").getBytes(StandardCharsets.ISO_8859_1));
      }
      outbox.close();
      scope.join();
    }
  }

  @Test
  void runsAHandlerWithLinesAndAnOutboxWithoutASocket() throws Exception {
    try (var connection = new MemoryConnection("hello\nworld\n")) {
      chat(connection);
      assertEquals("HELLO\nWORLD\n", connection.sent());
    }
  }

  @Test
  void meetsTheLimitsOfTheFraming() throws Exception {
    try (var connection = new MemoryConnection("x".repeat(101) + "\n")) {
      assertThrows(MalformedMessageException.class, () -> chat(connection));
    }
  }

  @Test
  void endsWithTheReasonOfASlowPeer() throws Exception {
    var connection = new MemoryConnection("");
    try (var outbox = new Outbox(connection, 1, Outbox.Policy.DISCONNECT)) {
      outbox.offer(new byte[1]);
      outbox.offer(new byte[1]);
    }
    assertEquals(Optional.of(new CloseReason.SlowPeer()), connection.closeReason());
  }

  @Test
  void isOneThatARelayCarries() throws Exception {
    try (var one = new MemoryConnection("from one");
        var other = new MemoryConnection("from the other")) {
      assertEquals(new Relay.Result(8, 14), Relay.between(one, other));
      assertEquals("from the other", one.sent());
      assertEquals("from one", other.sent());
    }
  }
}
