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

  /** More processes than this were never tried. */
  static final int MOST_SERVERS = 64;

  /** How much of the available memory a run may take. */
  private static final double MEMORY_SHARE = 0.8;

  // Memory, measured with 30,000 connections on Linux 6.18 (see the README of this module).
  static final long KERNEL_PER_CONNECTION = 8_300; // both ends of a loopback pair
  static final long SERVER_PER_CONNECTION = 3_600; // resident, above the idle process
  static final long CLIENT_PER_CONNECTION = 1_500; // resident, above the idle process
  static final long IDLE_SERVER = 60L << 20; // resident
  static final long IDLE_CLIENT = 50L << 20; // resident

  /** The kernel lends a queue whole pages, and a connection has a queue at each end. */
  private static final long QUEUE_PER_MESSAGE = 2 * 4096;

  // Time, measured likewise, in seconds of one core and rounded up.
  private static final Duration DEFAULT_RUN = Duration.ofSeconds(90);
  private static final double CORE_SECONDS_PER_CONNECTION = 0.0006;
  private static final double CORE_SECONDS_PER_PROCESS = 1.5;

  private Limits() {}

  /** What no run on this machine can pass. */
  static List<Limit> of(Machine machine) {
    int capacity = Layout.capacity(machine.descriptors());
    List<Limit> limits = new ArrayList<>();
    limits.add(
        new Limit(
            "descriptors",
            Layout.heldBy(MOST_SERVERS, capacity),
            "%,d a process in %d server processes".formatted(machine.descriptors(), MOST_SERVERS)));
    machine.openFiles().ifPresent(files -> limits.add(openFiles(files)));
    limits.add(memory(machine.memory(), capacity));
    limits.add(ports(machine));
    machine.tcpMemory().ifPresent(bytes -> limits.add(tcpMemory(bytes)));
    machine
        .tracked()
        .ifPresent(tracked ->
            limits.add(new Limit("conntrack", tracked, "%,d entries free".formatted(tracked))));
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
    return new Limit("fs.file-max", files / 2, "%,d files free, 2 a connection".formatted(files));
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
        String.format(
            Locale.ROOT,
            "%.0f %% of %.1f GB available, %.1f KB a connection",
            100 * MEMORY_SHARE,
            available / 1e9,
            each / 1e3));
  }

  private static Limit ports(Machine machine) {
    int destinations = machine.wholeLoopback() ? Destinations.MOST : 1;
    return new Limit(
        "ports",
        (long) destinations * (machine.ports() / 2),
        "half of %,d ports to each of %,d destinations".formatted(machine.ports(), destinations));
  }

  private static Limit tcpMemory(long bytes) {
    return new Limit(
        "tcp_mem",
        bytes / QUEUE_PER_MESSAGE,
        String.format(Locale.ROOT, "%.1f GB for queues, if all were in use", bytes / 1e9));
  }

  private static Limit time(Machine machine, Duration hold) {
    double coreSeconds = (DEFAULT_RUN.minus(hold).toMillis() / 1e3) * machine.cores();
    double perProcess =
        2 * CORE_SECONDS_PER_PROCESS / Math.max(1, Layout.capacity(machine.descriptors()));
    return new Limit(
        "time",
        (long) Math.max(0, coreSeconds / (CORE_SECONDS_PER_CONNECTION + perProcess)),
        "%d s on %d cores".formatted(DEFAULT_RUN.toSeconds(), machine.cores()));
  }
}
