package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
final class StormTest {
  private static final String[] SMALL = {"storm", "-n", "300"};

  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void everyConnectionComesBack() {
    assertEquals(0, run.execute(SMALL), run::toString);

    assertTrue(
        run.held("every connection is back and answered within 30000 ms: 300 of 300"),
        run::toString);
    assertTrue(run.hasLine("the last is back "), run::toString);
    assertTrue(run.held("no connection fails: 0 failed"), run::toString);
  }

  @Test
  void failsWhenTheyTakeTooLong() {
    assertEquals(1, run.execute(SMALL, "--within", "1ms"), run::toString);

    assertTrue(run.failed("every connection is back and answered within 1 ms: "), run::toString);
  }

  @Test
  void failsWhenTheServerResetsSomeThatComeBack() {
    assertEquals(1, run.execute(SMALL, "--server", Faulty.class.getName()), run::toString);

    assertTrue(
        run.failed("every connection is back and answered within 30000 ms: 299 of 300"),
        run::toString);
    assertTrue(run.failed("no connection fails: 1 failed"), run::toString);
  }

  /** Resets one of those that come back. */
  static final class Faulty implements FaultyServer.Fault {
    public static void main(String[] args) throws Exception {
      FaultyServer.run(new Faulty());
    }

    @Override
    public void answer(int connection, int message, byte[] bytes, Socket socket)
        throws IOException {
      if (connection == 450) {
        FaultyServer.reset(socket);
      } else {
        socket.getOutputStream().write(bytes);
      }
    }
  }
}
