package io.plainweave.loadtests.compare;

/**
 * What one server did with one work in one round.
 *
 * @param round from 1
 * @param failure what went wrong; null if nothing did
 * @param load what the client found; null if it failed
 * @param heap live bytes a connection; null but for idle connections of a JVM
 * @param resident resident bytes a connection; null but for idle connections
 */
record Sample(
    int round,
    String work,
    String server,
    String failure,
    LoadResult load,
    Long heap,
    Long resident) {

  static Sample of(int round, Work work, String server, LoadResult load) {
    return load.failure() == null
        ? new Sample(round, work.name(), server, null, load, null, null)
        : failed(round, work, server, load.failure());
  }

  static Sample failed(int round, Work work, String server, String failure) {
    return new Sample(round, work.name(), server, failure, null, null, null);
  }

  static Sample idle(Work work, String server, ServerMemory before, ServerMemory after) {
    long connections = work.connections();
    Long heap =
        before.heap().isPresent() && after.heap().isPresent()
            ? (after.heap().getAsLong() - before.heap().getAsLong()) / connections
            : null;
    long resident = (after.resident() - before.resident()) / connections;
    return new Sample(1, work.name(), server, null, null, heap, resident);
  }

  double rate() {
    return load.messages() / load.seconds();
  }

  /** Processor time of the server for a message, in microseconds. */
  double serverMicros() {
    return load.serverNanos() / 1e3 / Math.max(1, load.messages());
  }

  /** Processor time of the client for a message, in microseconds. */
  double clientMicros() {
    return load.clientNanos() / 1e3 / Math.max(1, load.messages());
  }

  /** Share of its cores that the server kept busy. */
  double serverBusy() {
    return load.serverNanos() / 1e9 / load.seconds();
  }

  double clientBusy() {
    return load.clientNanos() / 1e9 / load.seconds();
  }
}
