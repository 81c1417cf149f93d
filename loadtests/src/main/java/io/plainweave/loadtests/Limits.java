package io.plainweave.loadtests;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What a machine allows: one {@link Limit} for each thing that can run out. */
final class Limits {
  /** What the load test is named after. */
  static final int MILLION = 1_000_000;

  /**
   * Most server processes. They hold a million at 20,000 descriptors each; where a process may open
   * far fewer, that limit wants raising, not the number of processes.
   */
  static final int MOST_SERVERS = 64;

  /** How much of the available memory a run may take. */
  private static final double MEMORY_SHARE = 0.8;

  // Bytes, measured on Linux 6.18 with 30,000 connections (slabs; RSS of the processes) and rounded
  // up. All in, the available memory fell by 14.7 KB (30,000) to 17.0 KB (100,000) a connection.
  private static final long KERNEL_PER_CONNECTION = 8_300; // both ends of a loopback pair
  private static final long SERVER_PER_CONNECTION = 3_300; // above the idle process
  private static final long CLIENT_PER_CONNECTION = 1_000; // above the idle process
  private static final long IDLE_SERVER = 64_000_000; // without the pages that processes share
  private static final long IDLE_CLIENT = 40_000_000;

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

  private Limits() {}

  /** What no run on this machine can pass. */
  static List<Limit> of(Machine machine) {
    int capacity = Layout.capacity(machine.descriptors());
    List<Limit> limits = new ArrayList<>();
    limits.add(
        new Limit(
            "descriptors",
            Layout.heldBy(MOST_SERVERS, capacity),
            format("%,d a process, %d server processes", machine.descriptors(), MOST_SERVERS)));
    machine.openFiles().ifPresent(files -> limits.add(openFiles(files)));
    limits.add(memory(machine.memory(), capacity));
    limits.add(ports(machine));
    machine.tcpMemory().ifPresent(bytes -> limits.add(tcpMemory(bytes)));
    machine
        .tracked()
        .ifPresent(tracked ->
            limits.add(new Limit("conntrack", tracked, format("%,d entries free", tracked))));
    return limits;
  }

  /** What bounds a run for which nobody said how many connections. */
  static List<Limit> ofDefaultRun(Machine machine, Duration hold) {
    List<Limit> limits = of(machine);
    limits.add(time(machine, hold));
    limits.add(new Limit("million", MILLION, "what this load test is named after"));
    return limits;
  }

  static Limit lowest(List<Limit> limits) {
    return limits.stream().min(Comparator.comparingLong(Limit::allows)).orElseThrow();
  }

  private static Limit openFiles(long files) {
    // Two a connection: on loopback both ends are here.
    return new Limit("fs.file-max", files / 2, format("%,d files free, 2 a connection", files));
  }

  private static Limit memory(long available, int capacity) {
    double each =
        KERNEL_PER_CONNECTION
            + SERVER_PER_CONNECTION
            + CLIENT_PER_CONNECTION
            + (double) (IDLE_SERVER + IDLE_CLIENT) / Math.max(1, capacity);
    return new Limit(
        "memory",
        (long) (available * MEMORY_SHARE / each),
        format(
            "%.0f %% of %.1f GB available, %.1f KB a connection",
            100 * MEMORY_SHARE, available / 1e9, each / 1e3));
  }

  private static Limit ports(Machine machine) {
    int destinations = machine.wholeLoopback() ? Destinations.MOST : 1;
    return new Limit(
        "ports",
        (long) destinations * (machine.ports() / 2),
        format("half of %,d ports to each of %,d destinations", machine.ports(), destinations));
  }

  private static Limit tcpMemory(long bytes) {
    return new Limit(
        "tcp_mem",
        bytes / QUEUED_PER_CONNECTION,
        format("%.1f GB for queues, %,d B a connection", bytes / 1e9, QUEUED_PER_CONNECTION));
  }

  private static Limit time(Machine machine, Duration hold) {
    double coreSeconds = DEFAULT_RUN.minus(hold).toMillis() / 1e3 * machine.cores();
    double each =
        CORE_SECONDS_PER_CONNECTION
            + 2 * CORE_SECONDS_PER_PROCESS / Math.max(1, Layout.capacity(machine.descriptors()));
    return new Limit(
        "time",
        (long) Math.max(0, coreSeconds / each),
        format(
            "%d s on %d cores, %.2f ms of a core a connection",
            DEFAULT_RUN.toSeconds(), machine.cores(), each * 1e3));
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
