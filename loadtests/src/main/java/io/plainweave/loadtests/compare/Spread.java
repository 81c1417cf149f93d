package io.plainweave.loadtests.compare;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.ToDoubleFunction;

/**
 * The figures of several rounds: their median, and how far they lie apart.
 *
 * @param median the middle one, or the mean of the middle two
 */
record Spread(double median, double min, double max) {
  static <T> Spread of(Collection<T> rounds, ToDoubleFunction<T> figure) {
    double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalArgumentException("no rounds");
    }
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Spread(median, sorted[0], sorted[sorted.length - 1]);
  }

  @Override
  public String toString() {
    return Arrays.toString(new double[] {median, min, max});
  }
}
