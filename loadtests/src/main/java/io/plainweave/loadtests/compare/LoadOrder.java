package io.plainweave.loadtests.compare;

import java.util.List;

/**
 * What the client is told to do next.
 *
 * @param kind how the load behaves
 * @param port of the server
 * @param protocol that it speaks
 * @param connections open at a time
 * @param bytes of a message; HTTP has its own
 * @param depth messages sent together
 * @param rate messages a second that are due, in an open loop
 * @param warmUpMillis for how long to run before what is measured
 * @param millis for how long to measure
 * @param server its processes, whose processor time is measured
 */
record LoadOrder(
    Work.Kind kind,
    int port,
    Protocol protocol,
    int connections,
    int bytes,
    int depth,
    double rate,
    long warmUpMillis,
    long millis,
    List<Long> server) {

  static LoadOrder of(
      Work work,
      int port,
      Protocol protocol,
      double rate,
      long warmUpMillis,
      long millis,
      List<Long> server) {
    return new LoadOrder(
        work.kind(),
        port,
        protocol,
        work.connections(),
        work.bytes(),
        work.depth(),
        rate,
        warmUpMillis,
        millis,
        server);
  }

  /** The part of one of several threads, which differ by one connection at most. */
  LoadOrder share(int thread, int threads) {
    int own = connections / threads + (thread < connections % threads ? 1 : 0);
    return new LoadOrder(
        kind,
        port,
        protocol,
        own,
        bytes,
        depth,
        rate * own / connections,
        warmUpMillis,
        millis,
        server);
  }
}
