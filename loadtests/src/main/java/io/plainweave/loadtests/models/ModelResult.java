package io.plainweave.loadtests.models;

import java.util.List;

/**
 * What was found of a model.
 *
 * @param missing why it was not measured; null if it was
 * @param memory bytes of all its processes without a connection
 * @param points over the number of connections
 * @param idle over the number of idle connections; empty if it was not measured beside them
 * @param calls null if it was not measured
 * @param end null if it was not measured, or failed before
 */
record ModelResult(
    Model model,
    String missing,
    long memory,
    List<Point> points,
    List<Point> idle,
    SystemCalls calls,
    End end) {
  static ModelResult missing(Model model, String why) {
    return new ModelResult(model, why, 0, List.of(), List.of(), null, null);
  }
}
