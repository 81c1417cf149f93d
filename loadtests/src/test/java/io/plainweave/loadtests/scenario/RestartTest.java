package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
final class RestartTest {
  private static final String[] SMALL = {"restart", "-n", "200", "--rate", "200", "--before", "1s"};

  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void replacesEveryServerUnderLoadAndLosesNothing() {
    assertEquals(0, run.execute(SMALL), run::toString);

    assertTrue(run.hasLine("200 connections, processes: 2 server + 1 client"), run::toString);
    assertTrue(run.hasLine("server 1 "), "what its drain was like");
    assertTrue(run.hasLine("server 2 "), "what its drain was like");
    assertTrue(run.held("no connection is refused: 0 refused"), run::toString);
    assertTrue(run.held("no connection is reset: 0 reset"), run::toString);
    assertTrue(run.held("every message is answered in the restart: "), run::toString);
    assertTrue(run.held("no message is processed without an answer, or twice: "), run::toString);
  }

  @Test
  @Tag("slow")
  void failsWhenAServerResetsItsConnections() {
    assertEquals(1, run.execute(SMALL, "--server", AbruptServer.class.getName()), run::toString);

    assertTrue(run.failed("no connection is reset: "), run::toString);
    assertTrue(run.failed("no connection fails: "), run::toString);
  }
}
