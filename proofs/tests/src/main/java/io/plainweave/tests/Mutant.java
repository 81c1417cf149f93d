package io.plainweave.tests;

import java.util.Set;

/**
 * One change, and what has become of it.
 *
 * @param type the simple name of the class
 * @param change what was changed, in the word of the tool
 */
record Mutant(String type, String method, int line, String change, String status) {
  private static final Set<String> SEEN =
      Set.of("KILLED", "TIMED_OUT", "MEMORY_ERROR", "RUN_ERROR");

  /** Reads a line of the report. */
  static Mutant of(String line) {
    String[] parts = line.split(",", -1);
    return new Mutant(
        parts[1].substring(parts[1].lastIndexOf('.') + 1),
        parts[3],
        Integer.parseInt(parts[4]),
        parts[2].substring(parts[2].lastIndexOf('.') + 1).replace("Mutator", ""),
        parts[5]);
  }

  boolean isKilled() {
    return SEEN.contains(status);
  }

  boolean isTimedOut() {
    return status.equals("TIMED_OUT");
  }

  boolean isReached() {
    return !status.equals("NO_COVERAGE");
  }
}
