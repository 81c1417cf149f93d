package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
final class ChurnTest {
  private static final String[] SMALL = {"churn", "--rate", "200", "--duration", "1s", "-n", "100"};

  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void everyConnectionComesAndGoesInOrder() {
    assertEquals(0, run.execute(SMALL), run::toString);

    assertTrue(
        run.held("every connection is answered and ended in order: 200 of 200"), run::toString);
    assertTrue(run.held("no connection is left open at the servers: 0 open"), run::toString);
    assertTrue(run.held("no connection fails: 0 failed"), run::toString);
  }

  @Test
  void failsWhenTheServerResetsConnectionsOrKeepsThem() {
    assertEquals(1, run.execute(SMALL, "--server", Faulty.class.getName()), run::toString);

    assertTrue(
        run.failed("every connection is answered and ended in order: 180 of 200"), run::toString);
    assertTrue(run.failed("no connection is left open at the servers: 1 open"), run::toString);
    assertTrue(run.failed("no connection fails: 20 failed"), run::toString);
    assertTrue(run.hasLine("  reset "), run::toString);
  }

  /** Resets every tenth connection, and keeps the second for ever. */
  static final class Faulty implements FaultyServer.Fault {
    public static void main(String[] args) throws Exception {
      FaultyServer.run(new Faulty());
    }

    @Override
    public void answer(int connection, int message, byte[] bytes, Socket socket)
        throws IOException {
      if (connection % 10 == 0) {
        FaultyServer.reset(socket);
      } else {
        socket.getOutputStream().write(bytes);
      }
    }

    @Override
    public void end(int connection, Socket socket) throws IOException {
      if (connection == 1) {
        socket.shutdownOutput();
      } else {
        socket.close();
      }
    }
  }
}
