package io.plainweave.simulation.command;

import io.plainweave.simulation.Simulation;
import io.plainweave.simulation.Simulation.Outcome;

/** Runs seeds until one finds something, in a process that has a defect. */
final class Search {
  private Search() {}

  /** Ends with 1 if something was found, else with 0. */
  public static void main(String[] args) {
    long most = Long.parseLong(args[0]);
    for (long seed = 1; seed <= most; seed++) {
      Outcome outcome = Simulation.run(seed, false);
      if (!outcome.isGood()) {
        System.out.printf("  found by seed %d: %s%n", seed, firstLine(outcome));
        System.exit(1);
      }
    }
    System.out.printf("  NOT FOUND by %d seeds%n", most);
  }

  private static String firstLine(Outcome outcome) {
    String line = outcome.failures().getFirst().lines().findFirst().orElse("");
    return line.length() > 160 ? line.substring(0, 160) + "…" : line;
  }
}
