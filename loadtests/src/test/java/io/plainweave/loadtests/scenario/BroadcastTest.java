package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
final class BroadcastTest {
  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void everyoneGetsEveryMessage() {
    String[] small = {"broadcast", "-n", "200", "--rate", "20", "--duration", "1s"};
    assertEquals(0, run.execute(small), run::toString);

    assertTrue(
        run.held("everyone gets every message, whole and in order: 4,000 of 4,000"), run::toString);
    assertTrue(run.hasLine("  until the last had it "), run::toString);
    assertTrue(run.held("no connection fails: 0 failed"), run::toString);
  }

  @Test
  void failsWhenOneMissesAMessage() {
    String[] small = {"broadcast", "-n", "20", "--rate", "20", "--duration", "1s"};
    assertEquals(1, run.execute(small, "--server", Faulty.class.getName()), run::toString);

    assertTrue(run.failed("everyone gets every message, whole and in order: 38"), run::toString);
    assertTrue(run.hasLine("  wrong bytes "), run::toString);
  }

  /** Leaves one of the connections out once. */
  static final class Faulty implements FaultyServer.Fault {
    private final List<Socket> everyone = new CopyOnWriteArrayList<>();

    public static void main(String[] args) throws Exception {
      FaultyServer.run(new Faulty());
    }

    @Override
    public void answer(int connection, int message, byte[] bytes, Socket socket)
        throws IOException {
      if (message == 0) {
        socket.getOutputStream().write(bytes);
        everyone.add(socket);
        return;
      }
      for (Socket member : everyone) {
        if ((message != 3 || member != everyone.get(7)) && !member.isClosed()) {
          member.getOutputStream().write(bytes);
        }
      }
    }
  }
}
