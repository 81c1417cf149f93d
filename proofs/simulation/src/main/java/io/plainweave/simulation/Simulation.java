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

  static {
    Attachment.ensure();
  }

  private Simulation() {}

  /** What has become of one seed. */
  public record Outcome(
      long seed, List<String> failures, long steps, long nanos, Trace trace) {
    public boolean isGood() {
      return failures.isEmpty();
    }
  }

  /** Runs one seed. */
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
      world.network().surroundings().call(() -> {
        try {
          workload.run(world);
        } catch (Throwable e) {
          e.printStackTrace();
          world.fail("the workload has failed: " + e);
        }
        return world;
      });
    } catch (Throwable e) {
      e.printStackTrace();
      world.fail("the workload has failed: " + e);
    }
    failures.addAll(world.failures());
  }

  public static void main(String[] args) {
    long from = Long.parseLong(args[0]);
    long to = Long.parseLong(args[1]);
    long begun = System.nanoTime();
    int bad = 0;
    long steps = 0;
    for (long seed = from; seed < to; seed++) {
      Outcome outcome = run(seed, args.length > 2);
      steps += outcome.steps();
      if (args.length > 2) {
        outcome.trace().notes().forEach(System.out::println);
        System.out.println(seed + " " + outcome.trace().hash() + " " + outcome.steps() + " " + outcome.trace().disturbances());
      }
      if (!outcome.isGood()) {
        bad++;
        System.out.println("seed " + seed + ":");
        outcome.failures().stream().limit(3).forEach(System.out::println);
      }
    }
    System.out.println(bad + " bad, " + steps + " steps, " + (to - from) * 1e9 / (System.nanoTime() - begun) + "/s");
  }
}
