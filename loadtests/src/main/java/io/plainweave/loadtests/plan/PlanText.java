package io.plainweave.loadtests.plan;

import io.plainweave.loadtests.plan.Reconnection.BackOff;
import io.plainweave.loadtests.plan.Reconnection.Outcome;
import java.io.PrintWriter;

/** Says what a fleet needs, for people. */
final class PlanText {
  private static final double GIGABYTE = 1L << 30;

  /** See proc(5): the most descriptors of one process, unless somebody raises it. */
  private static final long NR_OPEN = 1_048_576;

  /** See ip(7): the ports that the kernel chooses from, 32768 to 60999. */
  private static final long CHOSEN_PORTS = 28_232;

  /** An entry of nf_conntrack in Linux 6.18 on x86-64, by /proc/slabinfo. */
  private static final long CONNTRACK_BYTES = 256;

  /** The most of them on a machine of 4 GB and more: Documentation/networking/nf_conntrack. */
  private static final long CONNTRACK_MAX = 262_144;

  /** How long a backlog may be: net.core.somaxconn since Linux 5.4. */
  private static final int BACKLOG = 4_096;

  /** More of one machine's clients than this are simulated by a part of them, and of its rate. */
  private static final int MOST_SIMULATED = 20_000;

  private final Fleet fleet;
  private final long seed;

  PlanText(Fleet fleet, long seed) {
    this.fleet = fleet;
    this.seed = seed;
  }

  void print(PrintWriter out) {
    machines(out);
    way(out);
    restart(out);
    storm(out);
    figures(out);
  }

  private void machines(PrintWriter out) {
    long machines = fleet.machines();
    long each = fleet.each();
    out.printf(
        "%,d clients, a message every %s each, %s%n%n",
        fleet.clients(),
        duration(Fleet.seconds(fleet.messageEvery())),
        fleet.tls() ? "TLS" : "TCP");
    row(out, "machines", "%,d of %d cores and %,d GB", machines, fleet.cores(), gigabytes());
    row(out, "that may be away", "%,d at the same moment", fleet.away());
    row(
        out,
        "one holds at most",
        "%,d connections: %s allows no more",
        fleet.most(),
        fleet.bound());
    row(out, "one holds as a rule", "%,d connections", each);
    row(
        out,
        "memory of them",
        "%,.1f GB on each machine, %,.1f of it the kernel's",
        each * fleet.bytesOfConnection() / GIGABYTE,
        each * Measured.KERNEL_BYTES.value() / GIGABYTE);
    row(
        out,
        "messages",
        "%,.0f a second, %,.0f on each machine",
        fleet.messagesASecond(),
        fleet.messagesASecond() / machines);
    row(
        out,
        "their processor time",
        "%.1f of %d cores on each machine",
        each * Measured.MESSAGE_MICROS.value() / Fleet.seconds(fleet.messageEvery()) / 1e6,
        fleet.cores());
    out.println();
  }

  private long gigabytes() {
    return fleet.memory() >> 30;
  }

  private void way(PrintWriter out) {
    long most = fleet.most();
    out.println("on the way, of the kernel");
    row(
        out,
        "descriptors",
        most < NR_OPEN
            ? "%,d in one process; RLIMIT_NOFILE has to allow them, fs.nr_open (%,d) does"
            : "%,d in one process; fs.nr_open (%,d) has to be raised, or several processes share it",
        most,
        NR_OPEN);
    row(
        out,
        "ports",
        "a proxy before a machine needs %,d addresses of its own: %,d ports for each",
        Math.ceilDiv(most, CHOSEN_PORTS),
        CHOSEN_PORTS);
    row(
        out,
        "conntrack",
        "%,d entries, %,d MB on a balancer that sees all; on each machine %,d, over the %,d of%n%23s"
            + "nf_conntrack_max: raise it, or let nothing track them",
        fleet.clients(),
        fleet.clients() * CONNTRACK_BYTES >> 20,
        most,
        CONNTRACK_MAX,
        "");
    out.println();
  }

  private void restart(PrintWriter out) {
    double spread = Math.max(1, Math.ceil(fleet.drainSpreadSeconds(1)));
    double one = spread + Measured.START_SECONDS.value();
    out.println("a rolling restart, one machine after another");
    row(
        out,
        "drainSpread",
        "%s: then its %,d clients come to the others at %,.0f a second, who let in %,.0f",
        duration(spread),
        fleet.each(),
        fleet.each() / spread,
        fleet.acceptRate() * Math.max(1, fleet.machines() - 1));
    row(out, "all machines", "%s at least", duration(one * fleet.machines()));
    long together = Math.max(1, fleet.away());
    if (together > 1) {
      double wide = Math.max(1, Math.ceil(fleet.drainSpreadSeconds(together)));
      row(
          out,
          "%,d together".formatted(together),
          "drainSpread %s, all machines in %s",
          duration(wide),
          duration(
              (wide + Measured.START_SECONDS.value()) * Math.ceilDiv(fleet.machines(), together)));
    }
    out.println();
  }

  private void storm(PrintWriter out) {
    out.printf(
        "a storm: all lose their connection at once; each machine lets in %,.0f a second%n",
        fleet.acceptRate());
    double fair = fleet.each() / fleet.acceptRate();
    out.printf(
        "  %-34s %10s %10s %10s %14s%n",
        "clients that come back", "half", "99 %", "all", "refused");
    comeBack(out, "at once, again after 1 s", new BackOff(0, 1, 1, false));
    comeBack(out, "at once, back-off to 1 min", new BackOff(0, 1, 60, false));
    comeBack(out, "at once, back-off with jitter", new BackOff(0, 1, 60, true));
    comeBack(
        out,
        "within %s, back-off with jitter".formatted(duration(Math.ceil(fair * 1.1))),
        new BackOff(Math.ceil(fair * 1.1), 1, 60, true));
    out.println();
  }

  private void comeBack(PrintWriter out, String clients, BackOff backOff) {
    double part = Math.min(1, (double) MOST_SIMULATED / fleet.each());
    Outcome outcome =
        Reconnection.simulate(
            (int) Math.ceil(fleet.each() * part),
            fleet.acceptRate() * part,
            (int) Math.ceil(BACKLOG * part),
            backOff,
            seed);
    out.printf(
        "  %-34s %10s %10s %10s %,14.0f%n",
        clients,
        duration(outcome.half()),
        duration(outcome.most()),
        duration(outcome.all()),
        outcome.refused() / part * fleet.machines());
  }

  private static void figures(PrintWriter out) {
    out.println("measured on one machine, and multiplied here");
    for (Measured figure : Measured.values()) {
      out.printf(
          "  %10s %-2s  %s%n                 loadtests/results/%s%n",
          "%,.10f".formatted(figure.value()).replaceAll("\\.?0+$", ""),
          figure.unit(),
          figure.what(),
          figure.result());
    }
  }

  private static void row(PrintWriter out, String name, String format, Object... values) {
    out.printf("  %-20s %s%n", name, format.formatted(values));
  }

  private static String duration(double seconds) {
    if (seconds < 10) {
      return "%.1f s".formatted(seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 120) {
      return whole + " s";
    }
    return whole < 7_200
        ? "%d:%02d min".formatted(whole / 60, whole % 60)
        : "%d:%02d h".formatted(whole / 3_600, whole / 60 % 60);
  }
}
