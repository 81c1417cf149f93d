package io.plainweave.simulation.machine;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Whose turn it is, and where it ends, by the seed. Seeds differ in style, since no style finds
 * everything: who has its turn by chance alone meets others often, but a race that needs one thread
 * to stay behind for a thousand turns of the others is found by priorities, or by a thread that is
 * frozen at the right place.
 */
final class Turns {
  /** How the next one is chosen. */
  private enum Choice {
    CHANCE,
    IN_ORDER,
    PRIORITY
  }

  private static final int[] GAPS = {5, 20, 100, 500, 3_000};

  /** So much time a step takes on average at most: else nothing would come to its end. */
  private static final long MOST_A_STEP = TimeUnit.MICROSECONDS.toNanos(50);

  private final SplittableRandom random;
  private final Choice choice;

  /** How many steps that others may see a turn has, on average. */
  private final int gap;

  /** Of how many turns that end so one is frozen; 0 for none. */
  private final int freezes;

  private final long longestFreeze;
  private int left;

  Turns(long seed) {
    random = new SplittableRandom(seed);
    Choice[] choices = Choice.values();
    choice = choices[random.nextInt(choices.length)];
    gap = GAPS[random.nextInt(GAPS.length)];
    longestFreeze = TimeUnit.MICROSECONDS.toNanos(1L << (2 + random.nextInt(17)));
    freezes =
        random.nextInt(4) == 0
            ? 0
            : Math.max(1 << random.nextInt(7), (int) (longestFreeze / gap / MOST_A_STEP));
    left = nextGap();
  }

  private int nextGap() {
    return random.nextInt(2 * gap);
  }

  long priority() {
    return random.nextInt(1_000);
  }

  /** The place of the next one. */
  int choose(List<SimulatedThread> runnable) {
    int count = runnable.size();
    if (count == 1) {
      return 0;
    }
    // Whoever spins must not keep the others from what it waits for.
    return switch (random.nextInt(8) == 0 ? Choice.CHANCE : choice) {
      case CHANCE -> random.nextInt(count);
      case IN_ORDER -> 0;
      case PRIORITY -> {
        int first = 0;
        for (int i = 1; i < count; i++) {
          if (runnable.get(i).priority < runnable.get(first).priority) {
            first = i;
          }
        }
        yield first;
      }
    };
  }

  /** Whether the running thread loses its turn at this step. */
  boolean takesTurnAway() {
    if (--left >= 0) {
      return false;
    }
    left = nextGap();
    return true;
  }

  /** For how long it does, in nanoseconds; 0 for a turn of the others. */
  long freeze() {
    return freezes > 0 && random.nextInt(freezes) == 0 ? random.nextLong(longestFreeze) : 0;
  }
}
