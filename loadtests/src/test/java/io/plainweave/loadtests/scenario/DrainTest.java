package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
final class DrainTest {
  private static final String[] SMALL = {"drain", "-n", "100", "--rate", "1000", "--after", "1s"};

  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void everyReplyIsWhole() {
    assertEquals(0, run.execute(SMALL), run::toString);

    assertTrue(run.held("every message is answered whole, or "), run::toString);
    assertTrue(
        run.held("every connection meets the end of its stream in the drain: 100 of 100"),
        run::toString);
    assertTrue(run.held("no connection fails: 0 failed"), run::toString);
    assertTrue(run.hasLine("not answered "), run::toString);
  }

  @Test
  void failsWhenTheServerCutsReplies() {
    assertEquals(1, run.execute(SMALL, "--server", Faulty.class.getName()), run::toString);

    assertTrue(run.failed("every message is answered whole, or "), run::toString);
    assertTrue(
        run.failed("every connection meets the end of its stream in the drain: 99 of 100"),
        run::toString);
    assertTrue(run.hasLine("  unexpected end of stream  1"), run::toString);
  }

  /** Its first connection gets half an answer before the end. */
  static final class Faulty implements FaultyServer.Fault {
    public static void main(String[] args) throws Exception {
      FaultyServer.run(new Faulty());
    }

    @Override
    public void answer(int connection, int message, byte[] bytes, Socket socket)
        throws IOException {
      if (connection == 0 && message == 1) {
        socket.getOutputStream().write(bytes, 0, bytes.length / 2);
      } else {
        socket.getOutputStream().write(bytes);
      }
    }

    @Override
    public void drain(Socket socket) throws IOException {
      socket.shutdownOutput(); // the client ends the rest
    }
  }
}
