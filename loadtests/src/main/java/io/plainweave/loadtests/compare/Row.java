package io.plainweave.loadtests.compare;

import java.util.List;
import java.util.Objects;

/**
 * A server's figures for one work, over all rounds that did not fail.
 *
 * @param failure the first one; null if no round failed
 * @param rounds how many did not fail
 * @param rate messages a second; null for idle connections, as all that follow but the last two
 * @param serverMicros processor time of the server for a message
 * @param serverBusy cores that the server kept busy
 * @param clientMicros processor time of the client for a message
 * @param clientBusy cores that the client kept busy
 * @param p50 in milliseconds, as those that follow
 * @param late share of an open loop's messages that the client itself sent late
 * @param limit who was busy first: {@code client}, {@code server}, or nobody
 * @param heap live bytes a connection; null if unknown
 * @param resident resident bytes a connection
 */
record Row(
    String server,
    String failure,
    int rounds,
    Spread rate,
    Spread serverMicros,
    Spread serverBusy,
    Spread clientMicros,
    Spread clientBusy,
    Spread p50,
    Spread p99,
    Spread p999,
    Spread max,
    Spread late,
    String limit,
    Spread heap,
    Spread resident) {
  private static final double SATURATED = 0.97;

  /** Above this share of late messages an open loop tells more of the client than of the server. */
  private static final double MOST_LATE = 0.01;

  static Row of(Work work, String server, List<Sample> all, int cores) {
    List<Sample> own =
        all.stream()
            .filter(it -> it.work().equals(work.name()) && it.server().equals(server))
            .toList();
    String failure =
        own.stream().map(Sample::failure).filter(Objects::nonNull).findFirst().orElse(null);
    List<Sample> good = own.stream().filter(it -> it.failure() == null).toList();
    if (good.isEmpty()) {
      return new Row(
          server, failure, 0, null, null, null, null, null, null, null, null, null, null, "", null,
          null);
    }
    if (work.kind() == Work.Kind.IDLE) {
      boolean hasHeap = good.stream().allMatch(it -> it.heap() != null);
      return new Row(
          server,
          failure,
          good.size(),
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          "",
          hasHeap ? Spread.of(good, Sample::heap) : null,
          Spread.of(good, Sample::resident));
    }
    Spread serverBusy = Spread.of(good, Sample::serverBusy);
    Spread clientBusy = Spread.of(good, Sample::clientBusy);
    Spread late = Spread.of(good, it -> it.load().late());
    return new Row(
        server,
        failure,
        good.size(),
        Spread.of(good, Sample::rate),
        Spread.of(good, Sample::serverMicros),
        serverBusy,
        Spread.of(good, Sample::clientMicros),
        clientBusy,
        Spread.of(good, it -> it.load().p50() / 1e6),
        Spread.of(good, it -> it.load().p99() / 1e6),
        Spread.of(good, it -> it.load().p999() / 1e6),
        Spread.of(good, it -> it.load().max() / 1e6),
        late,
        limit(work, serverBusy.median() / cores, clientBusy.median(), late.median()),
        null,
        null);
  }

  private static String limit(Work work, double serverBusy, double clientBusy, double late) {
    if (work.kind() == Work.Kind.OPEN_LOOP) {
      // Its client is always busy: it never sleeps.
      return late > MOST_LATE ? "client" : serverBusy > SATURATED ? "server" : "";
    }
    if (clientBusy > SATURATED && clientBusy > serverBusy) {
      return "client";
    }
    return serverBusy > SATURATED ? "server" : "";
  }
}
