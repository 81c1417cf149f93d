package io.plainweave.internal.time;

/**
 * Spreads connections over an interval, each always at the same place: what would come in one burst
 * comes evenly.
 */
public final class Spread {
  /**
   * 2^32 divided by the golden ratio: multiples of it fill an interval evenly (Knuth, The Art of
   * Computer Programming, 6.4).
   */
  private static final int GOLDEN = 0x9E3779B9;

  private Spread() {}

  /** Returns a place from 0 to below 1 for a slot of the registry. */
  public static double of(int slot) {
    return Integer.toUnsignedLong(slot * GOLDEN) / 0x1p32;
  }
}
