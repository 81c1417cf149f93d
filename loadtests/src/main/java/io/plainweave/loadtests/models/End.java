package io.plainweave.loadtests.models;

import java.util.Locale;

/**
 * Where a model's connections end, and by what.
 *
 * @param connections that were served, or would be
 * @param cause such as "descriptors"
 * @param text what was seen, or how it was computed
 */
record End(long connections, How how, String cause, String text) {
  /** How it is known. */
  enum How {
    /** The end was met. */
    SEEN,
    /** It was computed from what fewer connections took. */
    COMPUTED,
    /** There was none, as far as was looked. */
    NOT_MET
  }

  @Override
  public String toString() {
    String number =
        String.format(
            Locale.ROOT, "%,d %s", connections, connections == 1 ? "connection" : "connections");
    return switch (how) {
      case SEEN -> number + ", by " + cause + ": " + text;
      case COMPUTED -> number + ", by " + cause + " (computed, not reached): " + text;
      case NOT_MET -> number + " and no end, for " + cause + (text.isEmpty() ? "" : ": " + text);
    };
  }
}
