package io.plainweave.simulation;

import io.plainweave.simulation.machine.Machine;
import io.plainweave.simulation.machine.Trace;
import io.plainweave.simulation.rewriting.Attachment;
import io.plainweave.simulation.workload.Borrowers;
import io.plainweave.simulation.workload.Broadcasts;
import io.plainweave.simulation.workload.Conversations;
import io.plainweave.simulation.workload.Workload;
import io.plainweave.simulation.world.World;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the seeds. */
public final class Simulation {
  private static final long MOST = TimeUnit.MINUTES.toNanos(30);

  /** What a process does once, above all in the first server of it, is not a part of any seed. */
  private static final int WARM_UPS = 6;

  static {
    Attachment.ensure();
    for (int i = 1; i <= WARM_UPS; i++) {
      run(-i, false);
    }
  }

  private Simulation() {}

  /** What has become of one seed. */
  public record Outcome(long seed, List<String> failures, long steps, long nanos, Trace trace) {
    public boolean isGood() {
      return failures.isEmpty();
    }
  }

  /**
   * Runs one seed, any number of times with the same outcome.
   *
   * @param keepsTrace whether what happens is kept as text
   */
  public static Outcome run(long seed, boolean keepsTrace) {
    var trace = new Trace(keepsTrace);
    List<String> failures = new ArrayList<>();
    long steps = 0;
    long nanos = 0;
    try {
      Machine.Result result = Machine.run(seed, MOST, trace, () -> live(failures));
      steps = result.steps();
      nanos = result.nanos();
    } catch (Machine.HungException e) {
      failures.add(e.getMessage());
    }
    return new Outcome(seed, failures, steps, nanos, trace);
  }

  private static Workload choose(World world) {
    return switch (world.random().nextInt(4)) {
      case 0 -> new Broadcasts();
      case 1 -> new Borrowers();
      default -> new Conversations();
    };
  }

  private static void live(List<String> failures) {
    var world = new World();
    try {
      Workload workload = choose(world);
      world
          .network()
          .surroundings()
          .call(() -> {
            try {
              workload.run(world);
            } catch (Throwable e) {
              world.fail("the workload has failed: " + e);
            }
            return world;
          });
    } catch (Throwable e) {
      world.fail("the workload has failed: " + e);
    }
    failures.addAll(world.failures());
  }
}
