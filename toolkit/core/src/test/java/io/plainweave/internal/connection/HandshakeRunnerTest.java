package io.plainweave.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.plainweave.CloseReason;
import io.plainweave.TimeLimits;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The handshake of a connection")
@ExtendWith(ResourceGuard.class)
@Timeout(20)
class HandshakeRunnerTest {
  private final ClosedConnections closed = new ClosedConnections();

  @Test
  void thatHasNoTurnInTimeEndsByItsLimitHoweverLateTheReaperIs() throws Exception {
    var runner = new HandshakeRunner(List.of(_ -> true), new HandshakeTurns(0));
    CloseReason reason =
        closed.serve(connection -> assertFalse(runner.run((SocketConnection) connection, 1)));
    assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE), reason);
  }

  @Test
  void waitsForNoTurnOnceItIsClosed() throws Exception {
    var step =
        new HandshakeStep() {
          @Override
          public void awaitPeer(SocketConnection connection) {
            connection.abort(new CloseReason.Drained());
          }

          @Override
          public boolean run(SocketConnection connection) {
            return true;
          }
        };
    var runner = new HandshakeRunner(List.of(step), new HandshakeTurns(0));
    long anHour = 3_600_000;
    CloseReason reason =
        closed.serve(connection -> assertFalse(runner.run((SocketConnection) connection, anHour)));
    assertEquals(new CloseReason.Drained(), reason);
  }
}
