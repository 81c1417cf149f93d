package io.plainweave.loadtests.report;

import java.util.Arrays;

/**
 * A quantity over time.
 *
 * @param name what it is, such as "server RSS"
 * @param unit of the values: "B" for bytes, "ms", "/s"; empty for a count
 * @param panel where it is drawn
 * @param seconds of each value since the run began, ascending
 * @param values as many as there are seconds; not a number where nothing is known
 */
public record Series(String name, String unit, Panel panel, double[] seconds, double[] values) {
  public Series {
    if (seconds.length != values.length) {
      throw new IllegalArgumentException(
          name + " has " + seconds.length + " times but " + values.length + " values");
    }
  }

  // The ones of the record would compare the arrays' identities.
  @Override
  public boolean equals(Object other) {
    return other instanceof Series series
        && name.equals(series.name)
        && unit.equals(series.unit)
        && panel == series.panel
        && Arrays.equals(seconds, series.seconds)
        && Arrays.equals(values, series.values);
  }

  @Override
  public int hashCode() {
    return name.hashCode() + 31 * Arrays.hashCode(values);
  }
}
