package io.plainweave.fuzz.support;

/**
 * Bytes, and the places at which they are cut: what lies between two cuts comes together.
 *
 * @param bytes all of them
 * @param cuts their places, in ascending order
 */
public record Pieces(byte[] bytes, int[] cuts) {
  /** A stream of them, which returns at most one piece at a read. */
  public PieceInput input() {
    return new PieceInput(this);
  }
}
