package io.plainweave.status;

import java.util.List;

/**
 * How many values there were of each size, counted in fixed buckets: one for zero, then one for
 * each power of two. So two histograms can be added, or one subtracted from a later one, bucket by
 * bucket.
 *
 * @param counts how many values: first zeros, then those of 1, those of 2 and 3, those from 4 to 7,
 *     and so on; 64 buckets
 */
public record Histogram(List<Long> counts) {
  /** Copies the list. */
  public Histogram {
    counts = List.copyOf(counts);
  }

  /**
   * Returns the bucket of a value.
   *
   * @param value not negative
   * @return the index in {@link #counts()}
   */
  public static int bucket(long value) {
    return Long.SIZE - Long.numberOfLeadingZeros(value);
  }

  /**
   * Returns the greatest value of a bucket.
   *
   * @param bucket the index in {@link #counts()}
   * @return the value
   */
  public static long greatest(int bucket) {
    return (1L << bucket) - 1;
  }

  /** {@return how many values there were in all} */
  public long total() {
    return counts.stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Returns a bound for a part of the values.
   *
   * @param part from 0 to 1, for example 0.99
   * @return the least of the {@linkplain #greatest(int) bounds} of the buckets that so many of the
   *     values do not exceed; 0 if there are none
   * @throws IllegalArgumentException if the part is out of range
   */
  public long bound(double part) {
    if (!(part >= 0 && part <= 1)) {
      throw new IllegalArgumentException("a part is from 0 to 1: " + part);
    }
    double wanted = part * total();
    long below = 0;
    for (int bucket = 0; bucket < counts.size(); bucket++) {
      below += counts.get(bucket);
      if (below >= wanted && below > 0) {
        return greatest(bucket);
      }
    }
    return 0;
  }
}
