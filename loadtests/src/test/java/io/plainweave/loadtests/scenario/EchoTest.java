package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
final class EchoTest {
  private static final String[] SMALL = {"echo", "-n", "50", "--rate", "200", "--duration", "1s"};

  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void everyMessageIsAnswered() {
    assertEquals(0, run.execute(SMALL, "--p99", "1m"), run::toString);
    assertTrue(run.held("every message is answered: 200 of 200"), run::toString);
    assertTrue(run.held("p99 is at most 60000 ms: "), run::toString);
  }

  @Test
  void failsWhenTheLatencyIsAboveTheLimit() {
    assertEquals(1, run.execute(SMALL, "--p99", "0ms"), run::toString);
    assertTrue(run.failed("p99 is at most 0 ms: "), run::toString);
  }
}
