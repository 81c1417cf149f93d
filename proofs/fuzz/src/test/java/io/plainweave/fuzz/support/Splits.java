package io.plainweave.fuzz.support;

import java.util.List;
import java.util.function.Function;

/** Reads an input in several splits, which must make no difference. */
public final class Splits {
  private Splits() {}

  /**
   * Reads it in each split, within a bound of memory.
   *
   * @param mostBytes that may be allocated for one split
   * @return the outcome, which is that of all splits
   */
  public static Outcome alike(Input input, long mostBytes, Function<Pieces, Outcome> reading) {
    List<Pieces> splits = input.splits();
    Outcome whole = Allocation.atMost(mostBytes, () -> reading.apply(splits.getFirst()));
    for (Pieces split : splits.subList(1, splits.size())) {
      Outcome inPieces = Allocation.atMost(mostBytes, () -> reading.apply(split));
      Outcome.same(whole, inPieces, "the outcome depends on the split");
    }
    return whole;
  }
}
