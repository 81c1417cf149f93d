package io.plainweave.loadtests.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.loadtests.cli.BesideTheSamples;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
@ExtendWith(BesideTheSamples.class)
final class MqttTest {
  private static final String[] SMALL = {"mqtt", "-n", "300", "--keep-alive", "2s", "--hold", "1s"};

  @RegisterExtension private final ScenarioRun run = new ScenarioRun();

  @Test
  void everySubscriberGetsTheMessageOfItsBroker() {
    // 450 descriptors leave 250 for connections: 300 take two processes of each kind.
    assertEquals(0, run.execute(SMALL, "--descriptors", "450"), run::toString);

    assertTrue(run.hasLine("300 connections, processes: 2 server + 2 client"), run::toString);
    assertTrue(run.held("every connection is opened and answered: 300 of 300"), run::toString);
    assertTrue(run.held("every message is answered: 150 of 150"), run::toString);
    assertTrue(
        run.held("every subscriber gets the message, whole and once: 300 of 300"), run::toString);
    assertTrue(
        run.held("every connection meets the end of its stream in the drain: 300 of 300"),
        run::toString);
    assertTrue(run.hasLine("server heap "), run::toString);
    assertTrue(run.held("no connection fails: 0 failed"), run::toString);
  }

  @Test
  void refusesAKeepAliveOfNothing() {
    assertEquals(2, run.execute(new String[] {"mqtt"}, "--keep-alive", "0s"), run::toString);
  }
}
