package io.plainweave.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.simulation.machine.Machine;
import io.plainweave.simulation.machine.Seams;
import io.plainweave.simulation.machine.Trace;
import io.plainweave.simulation.rewriting.Attachment;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A simulated machine")
class MachineTest {
  private static final long DAY = Duration.ofDays(1).toNanos();

  @BeforeAll
  static void attach() {
    Attachment.ensure();
  }

  private static Machine.Result run(long seed, Runnable work) {
    return Machine.run(seed, 2 * DAY, new Trace(false), work);
  }

  @Test
  void letsTimePassWhenNobodyCanRun() {
    Machine.Result result =
        run(
            1,
            () -> {
              try {
                assertTrue(!new Semaphore(0).tryAcquire(1, TimeUnit.DAYS));
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    assertTrue(result.nanos() >= DAY && result.nanos() < DAY + 1_000_000, "" + result);
  }

  @Test
  void seesThatNobodyWillEverRunAgain() {
    var e = assertThrows(Machine.HungException.class, () -> run(1, MachineTest::waitForever));
    assertTrue(e.getMessage().startsWith("nobody can run"), e.getMessage());
  }

  @Test
  void seesThreadsThatAreLeftBehind() {
    var e =
        assertThrows(
            Machine.HungException.class,
            () -> run(1, () -> Seams.ofVirtual().name("left").start(MachineTest::waitForever)));
    assertTrue(e.getMessage().startsWith("threads are left behind"), e.getMessage());
    assertTrue(e.getMessage().contains("\"left\""), e.getMessage());
  }

  private static void waitForever() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void givesTurnsInAnotherOrderWithAnotherSeed() {
    Set<String> orders = new HashSet<>();
    for (long seed = 1; seed <= 100; seed++) {
      var order = new StringBuilder();
      run(
          seed,
          () -> {
            for (String each : new String[] {"a", "b", "c"}) {
              Seams.ofVirtual().start(() -> order.append(each));
            }
          });
      orders.add(order.toString());
    }
    assertEquals(6, orders.size(), orders.toString());
  }
}
