package io.plainweave.loadtests.machine;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** How limits are shown: a table, and the commands that lift those that are too low. */
public final class LimitsTable {
  private static final String ROW = "%-9s%-20s%12s%17s  %s";

  private final Limits limits;
  private final PrintWriter out;

  public LimitsTable(Limits limits, PrintWriter out) {
    this.limits = limits;
    this.out = out;
  }

  /** All limits. */
  void printAll() {
    rows(limits.all());
    List<Limit> needed = limits.toLift();
    lifts("To lift what is too low (settings need root):", needed);
    lifts(
        "Not needed, but for a single server process, a guest, or to connect faster:",
        limits.all().stream().filter(limit -> !needed.contains(limit)).toList());
  }

  /** Those that are too low; nothing if there are none. */
  public void printTooLow() {
    List<Limit> tooLow = limits.tooLow();
    if (tooLow.isEmpty()) {
      return;
    }
    line("Too low for %,d connections:", limits.connections());
    rows(tooLow);
    lifts("To lift it (settings need root):", limits.toLift());
    out.println();
    out.flush();
  }

  private void rows(List<Limit> shown) {
    line(ROW, "", "limit", "a process", "a run", "because");
    for (Limit limit : shown) {
      String mark = "";
      if (limit.equals(limits.lowest())) {
        mark = "decides";
      } else if (limit.allowsRun() < limits.connections()) {
        mark = "too low";
      }
      boolean ofProcess = limit.scope() == Limit.Scope.PROCESS;
      line(
          ROW,
          mark,
          limit.name(),
          ofProcess ? count(limit.allows()) : "",
          count(limit.allowsRun()),
          limit.figures());
    }
  }

  private void lifts(String heading, List<Limit> shown) {
    List<Limit> liftable = shown.stream().filter(limit -> !limit.lift().isEmpty()).toList();
    if (liftable.isEmpty()) {
      return;
    }
    out.println();
    out.println(heading);
    for (Limit limit : liftable) {
      String name = limit.name();
      for (String command : limit.lift()) {
        line("  %-20s%s", name, command);
        name = "";
      }
    }
  }

  private static String count(long connections) {
    return connections == Limit.ANY ? "-" : String.format(Locale.ROOT, "%,d", connections);
  }

  private void line(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values).stripTrailing());
  }
}
