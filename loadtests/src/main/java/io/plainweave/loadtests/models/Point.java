package io.plainweave.loadtests.models;

import io.plainweave.loadtests.compare.LoadResult;
import java.util.List;

/**
 * What a model did with so many connections.
 *
 * @param connections that were to be open and busy; or idle, beside {@link Plan#BUSY} busy ones
 * @param connected those that the kernel connected
 * @param answered those that were served, on which the load was made
 * @param queues how many waited in the accept queue of each listening socket
 * @param failure what went wrong; null if nothing did
 * @param load what the client found; null if no load could be made
 * @param memory bytes of all processes, before the load
 * @param memoryPerConnection by how much that had grown for each connection served
 * @param switches context switches for a message; null if no load could be made
 */
record Point(
    int connections,
    int connected,
    int answered,
    List<Integer> queues,
    String failure,
    LoadResult load,
    long memory,
    double memoryPerConnection,
    int processes,
    long threads,
    Double switches) {
  private static final int MANY = 1_000;
  private static final double GROWTH_OF_A_JVM = 10e6;

  boolean isMeasured() {
    return load != null && load.failure() == null;
  }

  /** Whether the growth of the memory is that of connections, and not of the JVM itself. */
  boolean hasGrown() {
    return answered >= MANY || memoryPerConnection * answered > GROWTH_OF_A_JVM;
  }

  /** Cores that other processes kept busy meanwhile. */
  double others() {
    return isMeasured() ? load.otherCores() : Double.MAX_VALUE;
  }

  double rate() {
    return load.messages() / load.seconds();
  }

  /** Processor time of the server for a message, in microseconds. */
  double serverMicros() {
    return load.serverNanos() / 1e3 / Math.max(1, load.messages());
  }
}
