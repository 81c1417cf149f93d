package io.plainweave.loadtests.models;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A server model of the textbooks, by the name of its program in {@code samples/models}. */
enum Model {
  ONE_AT_A_TIME("OneAtATime", "one connection, then the next", 1),
  PROCESS_PER_CONNECTION("ProcessPerConnection", "a child process for each connection", 0),
  PREFORK("Prefork", "worker processes, there before any client is", 4),
  THREAD_PER_CONNECTION("ThreadPerConnection", "an operating system's thread each", 0),
  THREAD_POOL("ThreadPool", "as many threads as were started", 200),
  SELECT_LOOP("SelectLoop", "one thread, poll(2) looks at all connections each time", 0),
  EPOLL_LOOP("EpollLoop", "one thread, epoll keeps the list", 0),
  VIRTUAL_THREAD_PER_CONNECTION("VirtualThreadPerConnection", "a virtual thread each", 0),
  PLAINWEAVE("Plainweave", "a virtual thread each, with limits and a drain", 0);

  /** What a JVM process for every connection leaves to a run of minutes. */
  private static final int MOST_PROCESSES = 100;

  /** More JVMs that start at once would each take longer than a client waits. */
  private static final int MOST_PROCESSES_STARTING = 4;

  private static final int MOST_IN_FLIGHT = 128;

  /** With so many a worker, hardly any worker's queue gets none. */
  private static final int MOST_FOR_A_QUEUE = 4;

  private static final long PATIENCE = 2_000;
  private static final long PATIENCE_WITH_A_START = 10_000;

  private final String program;
  private final String description;
  private final int workers;

  Model(String program, String description, int workers) {
    this.program = program;
    this.description = description;
    this.workers = workers;
  }

  static Optional<Model> of(String program) {
    return Arrays.stream(values()).filter(it -> it.program.equals(program)).findFirst();
  }

  /** The name of the program, of its class too. */
  @JsonValue
  String program() {
    return program;
  }

  String description() {
    return description;
  }

  /**
   * How many workers it starts by default, each with a connection at a time; 0 if it has no such
   * number. It says where to look: how many are served is counted.
   */
  int workers() {
    return workers;
  }

  /** The listening sockets that there are when it is ready, at least. */
  int listeners() {
    return this == PREFORK ? workers : 1;
  }

  /** How many connections the sweep opens at most. */
  int mostConnections() {
    return this == PROCESS_PER_CONNECTION ? MOST_PROCESSES : Integer.MAX_VALUE;
  }

  /** How many connections may wait for their first answer while others are opened. */
  int mostInFlight() {
    return this == PROCESS_PER_CONNECTION ? MOST_PROCESSES_STARTING : MOST_IN_FLIGHT;
  }

  /** How many connections compile the code: of several workers' processes, each has to have one. */
  int connectionsOfWarmUp() {
    return this == PREFORK ? MOST_FOR_A_QUEUE * workers : 1;
  }

  /** Without an answer for so long, a connection counts as not served. */
  long patienceMillis() {
    return this == PROCESS_PER_CONNECTION ? PATIENCE_WITH_A_START : PATIENCE;
  }

  /** Whether it is measured beside idle connections: it holds thousands of them. */
  boolean holdsIdle() {
    return workers == 0 && this != PROCESS_PER_CONNECTION;
  }

  /** The JVM options. A child process repeats them, and there are many of those. */
  List<String> flags() {
    List<String> small = List.of("-XX:TieredStopAtLevel=1", "-Xmx16m");
    // A small young generation, so that it is soon all in use and growth is that of connections.
    List<String> large = List.of("-Xmx2g", "-Xmn16m", "--enable-native-access=ALL-UNNAMED");
    List<String> flags = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:-UsePerfData"));
    flags.addAll(this == PROCESS_PER_CONNECTION ? small : large);
    return flags;
  }
}
