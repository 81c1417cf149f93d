package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.server.Protocol;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
final class SlowTest {
  private static final String[] SMALL = {
    "slow", "-n", "50", "--rate", "200", "--readers", "5", "--writers", "10"
  };

  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void slowOnesAreEndedByTheLimitsThatAreMeantForThem() {
    // The exit code would be a matter of time: on a busy machine p99 moves by itself.
    run.execute(SMALL, "--duration", "2s", "--patience", "500ms");

    assertTrue(
        run.held("every slow reader is ended by the time limit of writes that make no progress"),
        run::toString);
    assertTrue(run.held("every slow writer is ended by the time limit of messages"), run::toString);
    assertTrue(run.held("no connection fails: 0 failed"), run::toString);
  }

  @Test
  void failsWhenTheServerSuffersFromSlowOnesAndKeepsThem() {
    assertEquals(
        1,
        run.execute(
            SMALL, "--duration", "1s", "--patience", "500ms", "--server", Faulty.class.getName()),
        run::toString);

    assertTrue(run.failed("the good ones' p99 is at most twice "), run::toString);
    assertTrue(run.failed("every slow reader is ended by "), run::toString);
    assertTrue(run.failed("every slow writer is ended by "), run::toString);
  }

  /** Never ends a connection, and is late with every answer while there are slow readers. */
  static final class Faulty implements FaultyServer.Fault {
    private static final long LATE_MILLIS = 2_000;

    private final Set<Integer> slow = ConcurrentHashMap.newKeySet();

    public static void main(String[] args) throws Exception {
      FaultyServer.run(new Faulty());
    }

    @Override
    public void answer(int connection, int message, byte[] bytes, Socket socket)
        throws IOException {
      if (bytes[0] == Protocol.REQUEST_FOR_MUCH) {
        slow.add(connection);
        return;
      }
      try {
        if (!slow.isEmpty()) {
          Thread.sleep(LATE_MILLIS);
        }
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      }
      socket.getOutputStream().write(bytes);
    }

    @Override
    public void end(int connection, Socket socket) throws IOException {
      slow.remove(connection);
      socket.close();
    }
  }
}
