package io.plainweave.interleavings.explorer;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Decides who has the next turn, and knows afterwards what else it could have decided. */
abstract class Order {
  /**
   * Decides among so many, of whom number zero is the one to whom the turn falls by itself.
   *
   * @param preempts whether any other means that a thread loses its turn which could go on
   */
  abstract int choose(int among, boolean preempts);

  /** What it takes to have the same once more. */
  abstract int[] choices();

  /** The choices that are given, and nothing else that is not forced. */
  static Order again(int[] choices) {
    return new Systematic(choices, Integer.MAX_VALUE);
  }

  /**
   * All orders in which threads lose their turn so many times at most: each one is the one before
   * with another last choice.
   */
  static final class Systematic extends Order {
    private final int[] prefix;
    private final int mostPreemptions;
    private int[] chosen = new int[64];
    private int[] possible = new int[64];
    private int size;
    private int preemptions;

    Systematic(int[] prefix, int mostPreemptions) {
      this.prefix = prefix;
      this.mostPreemptions = mostPreemptions;
    }

    @Override
    int choose(int among, boolean preempts) {
      int mostOf = preempts && preemptions >= mostPreemptions ? 1 : among;
      int choice = size < prefix.length ? Math.min(prefix[size], mostOf - 1) : 0;
      if (size == chosen.length) {
        chosen = Arrays.copyOf(chosen, size * 2);
        possible = Arrays.copyOf(possible, size * 2);
      }
      chosen[size] = choice;
      possible[size] = mostOf;
      size++;
      if (preempts && choice > 0) {
        preemptions++;
      }
      return choice;
    }

    @Override
    int[] choices() {
      return Arrays.copyOf(chosen, size);
    }

    /** The next one; null if this was the last. */
    Systematic next() {
      int last = size - 1;
      while (last >= 0 && chosen[last] + 1 >= possible[last]) {
        last--;
      }
      if (last < 0) {
        return null;
      }
      int[] changed = Arrays.copyOf(chosen, last + 1);
      changed[last]++;
      return new Systematic(changed, mostPreemptions);
    }
  }

  /** One by chance, in which a thread keeps its turn for longer or shorter. */
  static final class ByChance extends Order {
    private final SplittableRandom random;
    private final int oneIn;
    private int[] chosen = new int[256];
    private int size;

    ByChance(long seed) {
      random = new SplittableRandom(seed);
      oneIn = 2 << random.nextInt(5);
    }

    @Override
    int choose(int among, boolean preempts) {
      int choice = preempts && random.nextInt(oneIn) != 0 ? 0 : random.nextInt(among);
      if (size == chosen.length) {
        chosen = Arrays.copyOf(chosen, size * 2);
      }
      chosen[size++] = choice;
      return choice;
    }

    @Override
    int[] choices() {
      return Arrays.copyOf(chosen, size);
    }
  }
}
