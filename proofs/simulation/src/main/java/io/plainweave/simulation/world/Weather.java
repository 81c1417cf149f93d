package io.plainweave.simulation.world;

import io.plainweave.testing.Faults;
import io.plainweave.testing.Link;
import java.time.Duration;
import java.util.Random;
import java.util.function.BooleanSupplier;

/**
 * What the network and the machine do to those who live there. In half of the seeds it is calm:
 * slow and in pieces perhaps, but nothing is lost, so that everything has to succeed.
 *
 * @param calm whether nothing is lost
 * @param mostDelay how long bytes are on their way, at most
 * @param cuts whether connections are cut
 * @param partitions whether nothing arrives for a while
 * @param deadPeers whether connections fall silent for good
 * @param acceptErrors whether accepts fail
 * @param jumps whether the clock jumps
 */
public record Weather(
    boolean calm,
    Duration mostDelay,
    boolean cuts,
    boolean partitions,
    boolean deadPeers,
    boolean acceptErrors,
    boolean jumps) {
  private static final Duration STORM = Duration.ofSeconds(10);

  static Weather choose(Random random) {
    Duration delay = Duration.ofMillis(random.nextInt(3) == 0 ? 0 : 1L << random.nextInt(9));
    if (random.nextBoolean()) {
      return new Weather(true, delay, false, false, false, random.nextInt(4) == 0, false);
    }
    return new Weather(
        false,
        delay,
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextInt(3) == 0,
        random.nextBoolean(),
        random.nextInt(3) == 0);
  }

  Link link(Random random) {
    Link link = Link.PLAIN.bufferBytes(1 << (4 + random.nextInt(13)));
    if (random.nextBoolean()) {
      link = link.choppedByChance(1 << random.nextInt(12), random.nextLong());
    }
    if (!mostDelay.isZero() && random.nextInt(4) > 0) {
      link = link.delay(Duration.ofNanos(random.nextLong(mostDelay.toNanos())));
    }
    return link;
  }

  /** Does this and that, until it is told to end, or the storm is over. */
  public void blow(World world, BooleanSupplier goesOn) {
    Random random = world.random();
    long end = world.machine().nanoTime() + STORM.toNanos();
    while (goesOn.getAsBoolean() && world.machine().nanoTime() < end) {
      world.sleep(Duration.ofMillis(random.nextInt(400)));
      if (acceptErrors && random.nextInt(4) == 0) {
        world.machine().note("an accept fails");
        world.network().failAccept(Faults.tooManyOpenFiles());
      }
      if (cuts && random.nextInt(3) == 0) {
        world.machine().note("connections are cut");
        world.network().lose(_ -> random.nextInt(4) == 0);
      }
      if (partitions && random.nextInt(4) == 0) {
        partition(world);
      }
      if (deadPeers && random.nextInt(8) == 0) {
        world.machine().note("a peer dies");
        world.network().silence(_ -> random.nextInt(8) == 0);
      }
      if (jumps && random.nextInt(8) == 0) {
        long nanos = random.nextLong(Duration.ofSeconds(3).toNanos());
        world.machine().note("the clock jumps");
        world.machine().jump(nanos);
      }
    }
    world.network().resume();
  }

  private static void partition(World world) {
    Random random = world.random();
    int of = 1 + random.nextInt(3);
    world.machine().note("nothing arrives");
    world.network().stall(_ -> random.nextInt(of) == 0);
    world.sleep(Duration.ofMillis(random.nextInt(1_500)));
    world.network().resume();
  }
}
