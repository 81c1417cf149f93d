package io.plainweave.loadtests.models;

import java.util.Locale;

/**
 * Where a model's connections end, and by what.
 *
 * @param connections that were served, or would be
 * @param cause such as "descriptors"
 * @param reached whether it was seen, or else computed from what was measured
 * @param text what was seen, or how it was computed
 */
record End(long connections, String cause, boolean reached, String text) {
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%,d %s, by %s%s: %s",
        connections,
        connections == 1 ? "connection" : "connections",
        cause,
        reached ? "" : " (computed, not reached)",
        text);
  }
}
