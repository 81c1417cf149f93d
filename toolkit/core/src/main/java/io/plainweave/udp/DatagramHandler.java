package io.plainweave.udp;

/**
 * The code that serves one datagram, written as plain blocking code.
 *
 * <p>It runs once for each datagram, on a virtual thread of its own, and many runs are at work at a
 * time: two datagrams of one peer may be served in any order, as the network may deliver them in
 * any order. It may open connections with a {@link io.plainweave.client.Connector}.
 *
 * <p><b>Throwing</b> ends this run and nothing else; the failure is logged, unless it only says
 * that the datagram was malformed ({@link io.plainweave.MalformedMessageException}). <b>Drain:</b>
 * datagrams that arrive later are dropped, and those at work finish; the socket stays open for
 * their replies. <b>Cancellation</b> is an interrupt; a reply can be sent even then.
 */
@FunctionalInterface
public interface DatagramHandler {
  /**
   * Serves one datagram.
   *
   * @param datagram what was received
   * @throws Exception to end this run; see the class description
   */
  void handle(Datagram datagram) throws Exception;
}
