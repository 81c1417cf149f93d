package io.plainweave.loadtests.report;

/**
 * A number that a run found.
 *
 * @param name what was measured, such as "server heap"
 * @param value for programs
 * @param unit of the value, such as "B"; empty for a count
 * @param text for people, such as "1,599 B a connection, live"
 * @param merge what the figures of several machines are together
 */
public record Figure(String name, double value, String unit, String text, Merge merge) {
  /** What several figures of one name are together. */
  public enum Merge {
    /** As many as all of them. */
    SUM,
    /** What the largest is. */
    MAX,
    /** Nothing that could be told. */
    NONE
  }

  /** A figure of a report that is older than the merging of reports has no {@code merge}. */
  public Figure {
    merge = merge == null ? Merge.NONE : merge;
  }

  /** A figure that does not merge. */
  public Figure(String name, double value, String unit, String text) {
    this(name, value, unit, text, Merge.NONE);
  }
}
