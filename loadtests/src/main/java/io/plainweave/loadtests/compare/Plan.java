package io.plainweave.loadtests.compare;

import java.time.Duration;
import java.util.List;

/**
 * What a comparison is to do.
 *
 * @param servers by name, in the order of the table
 * @param base the server that the others are measured by
 * @param works in the order of the table
 * @param rounds how often each server does each work
 * @param seconds for which each is measured
 * @param pinned whether the server has one core and the client the other
 * @param clientThreads threads of the client
 * @param protocol that the servers speak
 */
record Plan(
    List<String> servers,
    String base,
    List<Work> works,
    int rounds,
    double seconds,
    boolean pinned,
    int clientThreads,
    Protocol protocol) {
  private static final double MOST_SETTLING = 0.5;
  private static final double MOST_WARM_UP = 2;
  private static final double START = 1;
  private static final double IDLE = 7;
  private static final double OVERHEAD = 0.1;

  /** For how long a server does a work before the first round, so that it is compiled. */
  Duration warmUp() {
    return seconds(Math.min(MOST_WARM_UP, seconds));
  }

  /** For how long it does a work before it is measured. */
  Duration settling() {
    return seconds(Math.min(MOST_SETTLING, seconds / 4));
  }

  Duration time() {
    return seconds(seconds);
  }

  /** The works that are done in every round. */
  List<Work> repeated() {
    return works.stream().filter(work -> work.kind() != Work.Kind.IDLE).toList();
  }

  /** The works that are done once, on servers that have done nothing else. */
  List<Work> idle() {
    return works.stream().filter(work -> work.kind() == Work.Kind.IDLE).toList();
  }

  boolean hasOpenLoop() {
    return works.stream().anyMatch(work -> work.kind() == Work.Kind.OPEN_LOOP);
  }

  /** How many measurements it takes. */
  int measurements() {
    return servers.size() * (rounds * repeated().size() + idle().size());
  }

  /** How long it will take, roughly. */
  Duration estimate() {
    double measured =
        rounds * repeated().size() * (seconds + settling().toMillis() / 1e3 + OVERHEAD);
    double warm = START + repeated().size() * (warmUp().toMillis() / 1e3 + OVERHEAD);
    return seconds(servers.size() * (measured + warm + IDLE * idle().size()));
  }

  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.max(1, Math.round(seconds * 1_000)));
  }
}
