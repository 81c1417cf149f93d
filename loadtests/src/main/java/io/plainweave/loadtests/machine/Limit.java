package io.plainweave.loadtests.machine;

import java.util.List;

/**
 * One of the limits between this machine and a number of connections.
 *
 * @param name what limits, by the name it has in the system
 * @param scope of what it is the limit
 * @param allows how many connections it allows there; {@link #ANY} if it sets no number or is
 *     unknown
 * @param figures where that number comes from
 * @param lift the commands that lift it, if it is too low
 */
public record Limit(String name, Scope scope, long allows, String figures, List<String> lift) {
  static final long ANY = Long.MAX_VALUE;

  /** What has the limit. */
  enum Scope {
    /** Each process, server or client. */
    PROCESS,
    /** All processes together. */
    MACHINE
  }

  /** How many connections it allows in a run, which may have several processes. */
  public long allowsRun() {
    return scope == Scope.MACHINE || allows == ANY
        ? allows
        : Layout.heldBy(Limits.MOST_SERVERS, (int) Math.min(Integer.MAX_VALUE, allows));
  }

  /**
   * A limit of all processes together.
   *
   * @param connections how many are wanted
   * @param lift the command that lifts it
   */
  static Limit ofMachine(String name, long allows, String figures, long connections, String lift) {
    return new Limit(
        name, Scope.MACHINE, allows, figures, allows >= connections ? List.of() : List.of(lift));
  }

  /** A limit that this system does not tell; it is believed to allow any number. */
  static Limit unknown(String name, Scope scope) {
    return new Limit(name, scope, ANY, "unknown: this system does not tell", List.of());
  }
}
