package io.plainweave.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.plainweave.CloseReason;
import io.plainweave.TimeLimit;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.ResourceGuard;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("The preface of a connection")
@ExtendWith(ResourceGuard.class)
@Timeout(20)
class PrefaceRunnerTest {
  private final ClosedConnections closed = new ClosedConnections();

  @Test
  void thatHasNoTurnInTimeEndsByItsLimitHoweverLateTheReaperIs() throws Exception {
    var runner = new PrefaceRunner(List.of(_ -> true), new PrefaceTurns(0));
    CloseReason reason =
        closed.serve(connection -> assertFalse(runner.run((SocketConnection) connection, 1)));
    assertEquals(new CloseReason.TimedOut(TimeLimit.PREFACE), reason);
  }

  @Test
  void waitsForNoTurnOnceItIsClosed() throws Exception {
    var step =
        new PrefaceStep() {
          @Override
          public void awaitPeer(SocketConnection connection) {
            connection.abort(new CloseReason.Drained());
          }

          @Override
          public boolean run(SocketConnection connection) {
            return true;
          }
        };
    var runner = new PrefaceRunner(List.of(step), new PrefaceTurns(0));
    long anHour = 3_600_000;
    CloseReason reason =
        closed.serve(connection -> assertFalse(runner.run((SocketConnection) connection, anHour)));
    assertEquals(new CloseReason.Drained(), reason);
  }
}
