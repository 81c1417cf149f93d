package io.plainweave.udp;

/**
 * The code that serves one peer of a UDP protocol, written like that of a connection:
 *
 * <pre>{@code
 * for (byte[] request; (request = session.receive()) != null; ) {
 *   session.send(reply(request));
 * }
 * }</pre>
 *
 * <p>It runs once for each peer, on a virtual thread of its own, from the peer's first datagram to
 * the return from this handler. Another datagram after that begins another session. <b>Throwing</b>
 * ends the session, as returning does; the failure is logged, unless it only says that the peer has
 * sent what is no message ({@link io.plainweave.MalformedMessageException}). No other session is
 * affected.
 *
 * <p><b>Drain</b> and the {@linkplain io.plainweave.TimeLimits#idle() idle time} end the wait in
 * {@link DatagramSession#receive()} with null. <b>Cancellation</b> is an interrupt; the session can
 * send even then, since no session can close the socket that all of them share.
 */
@FunctionalInterface
public interface SessionHandler {
  /**
   * Serves one peer until the session is over.
   *
   * @param session the session, with the first datagram in its mailbox
   * @throws Exception to end the session; see the class description
   */
  void handle(DatagramSession session) throws Exception;
}
