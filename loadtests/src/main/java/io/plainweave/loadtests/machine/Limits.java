package io.plainweave.loadtests.machine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.IntToDoubleFunction;

/**
 * What stands between a machine and so many connections: one {@link Limit} for each thing that can
 * run out.
 *
 * @param connections how many are wanted
 * @param all the limits, those first that have to be lifted first
 */
public record Limits(int connections, List<Limit> all) {
  /** What the load test is named after. */
  public static final int MILLION = 1_000_000;

  /**
   * Most server processes. They hold a million at 20,000 descriptors each; where a process may open
   * far fewer, that limit wants raising, not the number of processes.
   */
  static final int MOST_SERVERS = 64;

  /** How much of the available memory a run may take. */
  private static final double MEMORY_SHARE = 0.8;

  /**
   * Bytes of TCP queues for a connection. An idle one has none. In the drain, up to 28 of 100
   * connections had an end of stream queued, which takes a page each.
   */
  private static final long QUEUED_PER_CONNECTION = 2_048;

  // Time, measured as processor time of whole runs on 2 cores: 0.23 ms a connection with 30,000 of
  // them, 0.31 ms with 200,000, and 0.95 s a process. Raised, for no core is busy all the time.
  private static final double CORE_SECONDS_PER_CONNECTION = 0.000_5;
  private static final double CORE_SECONDS_PER_PROCESS = 1.2;

  /**
   * What a default run aims at: half of two minutes, the rest being for a first build and for
   * machines that are slower, or busy with other things.
   */
  private static final Duration DEFAULT_RUN = Duration.ofSeconds(60);

  private static final long PAGE = 4096;

  /** What no run on this machine can pass. */
  public static Limits of(Machine machine, int connections, Footprint footprint) {
    List<Limit> all = new ArrayList<>(ProcessLimits.of(machine, connections));
    // Two files a connection: on loopback both ends are here.
    all.add(openFiles(machine, connections, 2));
    all.add(watches(machine, connections, 2));
    all.add(memory(machine, connections, footprint::all));
    all.add(ports(machine, connections));
    all.add(tcpMemory(machine, connections));
    all.add(tracked(machine, connections));
    return new Limits(connections, List.copyOf(all));
  }

  /**
   * The same for a machine whose part of a run are the clients: one end of each connection is here.
   *
   * @param targets addresses of servers
   */
  public static Limits ofGenerator(Machine machine, int connections, int targets) {
    List<Limit> all = new ArrayList<>(ProcessLimits.of(machine, connections));
    all.add(openFiles(machine, connections, 1));
    all.add(watches(machine, connections, 1));
    all.add(memory(machine, connections, Footprint::ofGenerator));
    all.add(targetPorts(machine, connections, targets));
    all.add(tcpMemory(machine, connections));
    all.add(tracked(machine, connections));
    return new Limits(connections, List.copyOf(all));
  }

  /** What bounds a run for which nobody said how many connections: its time as well. */
  public Limits withTime(Machine machine, Duration hold) {
    List<Limit> more = new ArrayList<>(all);
    more.add(time(machine, hold));
    return new Limits(connections, List.copyOf(more));
  }

  /** The one that decides. */
  public Limit lowest() {
    return all.stream().min(Comparator.comparingLong(Limit::allowsRun)).orElseThrow();
  }

  /** Whether a run may have so many connections. */
  public boolean allow() {
    return lowest().allowsRun() >= connections;
  }

  /** Those that do not allow so many connections. */
  List<Limit> tooLow() {
    return all.stream().filter(limit -> limit.allowsRun() < connections).toList();
  }

  /**
   * Those to lift for so many connections. A process limit that is too low is lifted to one process
   * for all; then the other process limits have to allow that too.
   */
  List<Limit> toLift() {
    List<Limit> tooLow = tooLow();
    boolean toOneProcess = tooLow.stream().anyMatch(limit -> limit.scope() == Limit.Scope.PROCESS);
    return all.stream()
        .filter(limit -> tooLow.contains(limit) || toOneProcess && limit.allows() < connections)
        .toList();
  }

  private static Limit openFiles(Machine machine, long connections, int ends) {
    return machine
        .openFiles()
        .map(files ->
            Limit.ofMachine(
                "fs.file-max",
                files.most() == Long.MAX_VALUE ? Limit.ANY : files.free() / ends,
                files.most() == Long.MAX_VALUE
                    ? "not limited"
                    : format("%,d files free, %d each", files.free(), ends),
                connections,
                sysctl("fs.file-max", roundUp(files.used() + ends * connections))))
        .orElseGet(() -> Limit.unknown("fs.file-max", Limit.Scope.MACHINE));
  }

  private static Limit watches(Machine machine, long connections, int ends) {
    OptionalLong most = machine.sysctl(Machine.MAX_USER_WATCHES);
    return most.isEmpty()
        ? Limit.unknown("max_user_watches", Limit.Scope.MACHINE)
        : Limit.ofMachine(
            "max_user_watches",
            most.getAsLong() / ends,
            format("%,d of epoll, %d each", most.getAsLong(), ends),
            connections,
            sysctl(Machine.MAX_USER_WATCHES, roundUp(ends * connections)));
  }

  /**
   * Bounds by memory.
   *
   * @param footprint bytes of a connection, by what a process can hold
   */
  private static Limit memory(Machine machine, int connections, IntToDoubleFunction footprint) {
    int capacity = Layout.capacity(machine.descriptors());
    double each = footprint.applyAsDouble(capacity);
    // Where descriptors have to be lifted anyway, they are lifted to one process for all.
    boolean enough = Layout.heldBy(MOST_SERVERS, capacity) >= connections;
    double needed =
        connections * (enough ? each : footprint.applyAsDouble(connections)) / MEMORY_SHARE;
    return Limit.ofMachine(
        "memory",
        (long) (machine.memory() * MEMORY_SHARE / each),
        format(
            "%.0f %% of %.1f GB free, %.1f KB each",
            100 * MEMORY_SHARE, machine.memory() / 1e9, each / 1e3),
        connections,
        format(
            "needs %,.1f GB free: end programs, add memory, or lift a container's limit",
            needed / 1e9));
  }

  private static Limit ports(Machine machine, int connections) {
    int destinations = machine.wholeLoopback() ? Destinations.MOST : 1;
    return Limit.ofMachine(
        "ip_local_port_range",
        (long) destinations * (machine.ports() / 2),
        machine.wholeLoopback()
            ? format(
                "half of %,d ports, %,d addresses",
                machine.ports(), Layout.destinations(connections, machine.ports()))
            : format("half of %,d ports, 1 address", machine.ports()),
        connections,
        machine.wholeLoopback()
            ? "sysctl -w net.ipv4.ip_local_port_range='1024 65535'"
            : "a system on which all of 127.0.0.0/8 is local, such as Linux");
  }

  private static Limit targetPorts(Machine machine, int connections, int targets) {
    return Limit.ofMachine(
        "ip_local_port_range",
        (long) targets * (machine.ports() / 2),
        format(
            "half of %,d ports for each target, %,d target%s",
            machine.ports(), targets, targets == 1 ? "" : "s"),
        connections,
        format(
            "%,d times --target: other ports or addresses of the server",
            Layout.destinations(connections, machine.ports())));
  }

  private static Limit tcpMemory(Machine machine, long connections) {
    OptionalLong bytes = machine.tcpMemory();
    if (bytes.isEmpty()) {
      return Limit.unknown("tcp_mem", Limit.Scope.MACHINE);
    }
    // The kernel itself sets the three as 3 to 4 to 6.
    long most = roundUp(connections * QUEUED_PER_CONNECTION / PAGE);
    return Limit.ofMachine(
        "tcp_mem",
        bytes.getAsLong() / QUEUED_PER_CONNECTION,
        format("%.1f GB of queues, %,d B each", bytes.getAsLong() / 1e9, QUEUED_PER_CONNECTION),
        connections,
        format("sysctl -w net.ipv4.tcp_mem='%d %d %d'", most / 2, most * 2 / 3, most));
  }

  private static Limit tracked(Machine machine, long connections) {
    return machine
        .tracked()
        .map(tracked ->
            Limit.ofMachine(
                "nf_conntrack_max",
                tracked.free(),
                format("%,d entries free", tracked.free()),
                connections,
                sysctl("net.netfilter.nf_conntrack_max", roundUp(tracked.used() + connections))))
        .orElseGet(() ->
            machine.wholeLoopback() // that is, a Linux
                ? new Limit(
                    "nf_conntrack_max",
                    Limit.Scope.MACHINE,
                    Limit.ANY,
                    "loopback is not tracked",
                    List.of())
                : Limit.unknown("nf_conntrack_max", Limit.Scope.MACHINE));
  }

  private static Limit time(Machine machine, Duration hold) {
    double coreSeconds = DEFAULT_RUN.minus(hold).toMillis() / 1e3 * machine.cores();
    double each =
        CORE_SECONDS_PER_CONNECTION
            + 2 * CORE_SECONDS_PER_PROCESS / Math.max(1, Layout.capacity(machine.descriptors()));
    return new Limit(
        "time",
        Limit.Scope.MACHINE,
        (long) Math.max(0, coreSeconds / each),
        format(
            "%d s on %d cores, %.2f ms of one each",
            DEFAULT_RUN.toSeconds(), machine.cores(), each * 1e3),
        List.of(format("loadtests/run million -n %d   # as long as it takes", MILLION)));
  }

  static String sysctl(String name, long value) {
    return format("sysctl -w %s=%d", name, value);
  }

  /** Leaves room for what else the machine does; kernel settings are for all of it. */
  static long roundUp(long number) {
    return Math.ceilDiv(number + number / 20, 1_000) * 1_000;
  }

  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
