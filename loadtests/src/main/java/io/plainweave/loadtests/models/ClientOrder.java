package io.plainweave.loadtests.models;

import java.util.List;

/**
 * What a client is to do next.
 *
 * @param port of the server
 * @param connections to have open; or to make load with
 * @param inFlight how many may wait for their first answer while others are opened
 * @param patienceMillis without any answer, after which no more is waited for
 * @param warmUpMillis for how long to make load before what is measured
 * @param millis for how long to measure
 * @param server its processes, whose processor time is measured
 */
record ClientOrder(
    Kind kind,
    int port,
    int connections,
    int inFlight,
    long patienceMillis,
    long warmUpMillis,
    long millis,
    List<Long> server) {
  enum Kind {
    /** Open so many connections, those that are open among them, with a message on each. */
    OPEN,
    /** Keep a message in flight on so many of those that were answered. */
    LOAD,
    CLOSE
  }

  static ClientOrder open(int port, int connections, int inFlight, long patienceMillis) {
    return new ClientOrder(Kind.OPEN, port, connections, inFlight, patienceMillis, 0, 0, List.of());
  }

  static ClientOrder load(int connections, long warmUpMillis, long millis, List<Long> server) {
    return new ClientOrder(Kind.LOAD, 0, connections, 0, 0, warmUpMillis, millis, server);
  }

  static ClientOrder close() {
    return new ClientOrder(Kind.CLOSE, 0, 0, 0, 0, 0, 0, List.of());
  }
}
