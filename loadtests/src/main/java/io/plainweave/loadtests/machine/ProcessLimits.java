package io.plainweave.loadtests.machine;

import java.util.List;
import java.util.OptionalLong;

/** Those of the {@link Limits} that each process has, server or client. */
final class ProcessLimits {
  /**
   * Connections for each memory map of the host, where this is a guest of User-mode Linux: 541,000
   * with 65,530 maps. The maps of any other process do not grow with its connections.
   */
  private static final long GUEST_CONNECTIONS_PER_MAP = 8;

  /**
   * For all that may be in flight: a run fills half of what may wait in a listener, and without SYN
   * cookies the kernel drops what comes when three quarters of the half-open are taken.
   */
  private static final long ENOUGH_BACKLOG = 2 * Layout.MOST_IN_FLIGHT;

  private ProcessLimits() {}

  /** In the order in which they have to be lifted. */
  static List<Limit> of(Machine machine, int connections) {
    return List.of(
        mostDescriptors(machine, connections),
        hardDescriptors(machine, connections),
        softDescriptors(machine, connections),
        maps(machine, connections),
        backlog("somaxconn", machine, Machine.SOMAXCONN, "waiting"),
        backlog("tcp_max_syn_backlog", machine, Machine.MAX_SYN_BACKLOG, "half-open"));
  }

  private static Limit mostDescriptors(Machine machine, int connections) {
    OptionalLong most = machine.sysctl(Machine.NR_OPEN);
    String lift = Limits.sysctl(Machine.NR_OPEN, descriptors(connections));
    return descriptors(
        "fs.nr_open", most, "the most that nofile can be raised to", connections, lift);
  }

  private static Limit hardDescriptors(Machine machine, int connections) {
    OptionalLong hard = machine.hardDescriptors();
    long needed = descriptors(connections);
    return descriptors(
        "nofile hard",
        hard,
        Limits.format("%,d descriptors", hard.orElse(0)),
        connections,
        Limits.format("prlimit --pid $$ --nofile=%d:%d   # this shell", needed, needed),
        Limits.format("echo 'USER - nofile %d' >>/etc/security/limits.conf   # logins", needed),
        Limits.format("LimitNOFILE=%d below [Service] in its unit   # a systemd service", needed));
  }

  private static Limit softDescriptors(Machine machine, int connections) {
    OptionalLong soft = OptionalLong.of(machine.descriptors());
    // The JVM raises it to the hard one when it starts, unless -XX:-MaxFDLimit forbids it.
    return machine.hardDescriptors().equals(soft)
        ? descriptors(
            "nofile soft",
            soft,
            Limits.format("%,d, raised by the JVM", machine.descriptors()),
            connections)
        : descriptors(
            "nofile soft",
            soft,
            Limits.format("%,d descriptors", machine.descriptors()),
            connections,
            Limits.format("ulimit -n %d", descriptors(connections)));
  }

  /** Descriptors of a process with so many connections. */
  private static long descriptors(long connections) {
    return connections + Layout.OWN_DESCRIPTORS;
  }

  private static Limit descriptors(
      String name, OptionalLong most, String figures, int connections, String... lift) {
    if (most.isEmpty()) {
      return Limit.unknown(name, Limit.Scope.PROCESS);
    }
    int capacity = Layout.capacity(most.getAsLong());
    List<String> commands = capacity >= connections ? List.of() : List.of(lift);
    return new Limit(name, Limit.Scope.PROCESS, capacity, figures, commands);
  }

  private static Limit maps(Machine machine, int connections) {
    OptionalLong most = machine.sysctl(Machine.MAX_MAP_COUNT);
    if (most.isEmpty()) {
      return Limit.unknown("max_map_count", Limit.Scope.PROCESS);
    }
    long inGuest = most.getAsLong() * GUEST_CONNECTIONS_PER_MAP;
    long needed = Limits.roundUp(connections / GUEST_CONNECTIONS_PER_MAP);
    boolean enough = inGuest >= connections;
    return new Limit(
        "max_map_count",
        Limit.Scope.PROCESS,
        Limit.ANY,
        enough
            ? Limits.format("%,d maps", most.getAsLong())
            : Limits.format("%,d; %,d in User-mode Linux", most.getAsLong(), inGuest),
        enough ? List.of() : List.of(Limits.sysctl(Machine.MAX_MAP_COUNT, needed)));
  }

  private static Limit backlog(String name, Machine machine, String sysctl, String what) {
    OptionalLong most = machine.sysctl(sysctl);
    if (most.isEmpty()) {
      return Limit.unknown(name, Limit.Scope.PROCESS);
    }
    // A run keeps to what there is, and connects more slowly.
    return new Limit(
        name,
        Limit.Scope.PROCESS,
        Limit.ANY,
        Limits.format("%,d %s, %,d are enough", most.getAsLong(), what, ENOUGH_BACKLOG),
        most.getAsLong() >= ENOUGH_BACKLOG
            ? List.of()
            : List.of(Limits.sysctl(sysctl, ENOUGH_BACKLOG)));
  }
}
