package io.plainweave.loadtests.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class PlanTest {
  private static final Plan PLAN =
      new Plan(List.of(Model.values()), List.of(1, 10, 1_000), List.of(0), 1, 0, true, 0);

  @Test
  void looksAtAModelWhereAllItsWorkersAreBusy() {
    assertEquals(List.of(1, 4, 10, 1_000), List.copyOf(PLAN.steps(Model.PREFORK)));
    assertEquals(List.of(1, 10, 200, 1_000), List.copyOf(PLAN.steps(Model.THREAD_POOL)));
  }

  @Test
  void startsNoMoreProcessesThanTheMachineCanBear() {
    assertEquals(List.of(1, 10, 100), List.copyOf(PLAN.steps(Model.PROCESS_PER_CONNECTION)));
  }

  @Test
  void measuresLongerWithThousandsOfConnections() {
    assertEquals(2 * PLAN.millis(1), PLAN.millis(10_000), 1);
  }

  @Test
  void theHelpNamesEveryModel() {
    assertEquals(
        Arrays.stream(Model.values()).map(Model::program).collect(Collectors.joining(", ")),
        Models.ALL);
  }
}
