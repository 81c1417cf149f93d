package io.plainweave;

/**
 * The code that serves one connection, written as plain blocking code.
 *
 * <p>A handler runs once for each connection, on a virtual thread of its own. It may block as it
 * likes: a thread that waits costs no operating system thread. Many runs of the same handler are at
 * work at a time, so a handler object is either stateless or safe for concurrent use.
 *
 * <p><b>Returning</b> ends the connection in order: output is flushed, FIN is sent, what the peer
 * still sends is read and dropped for a bounded time so that the last reply survives, and the
 * socket is closed. <b>Throwing</b> ends it with a reset (RST), so that the peer cannot take what
 * it has received for a whole reply (a Unix-domain socket has none: {@link Connection#abort()});
 * the failure is logged unless it only says that the peer is gone. In both cases no other
 * connection is affected.
 *
 * <p>Where clients of several protocols come to one port, a {@link
 * io.plainweave.protocol.Protocols} is the handler that chooses another one for each connection.
 *
 * <p><b>Drain.</b> When the server shuts down, a connection that waits for input reads end of
 * stream, just as if the peer had finished: a handler that handles the end of its input needs no
 * other code to be drainable. <b>Cancellation</b>, when the time to drain has run out, is an
 * interrupt; it also closes the socket. A handler that catches {@link InterruptedException} should
 * return or rethrow it.
 */
@FunctionalInterface
public interface Handler {
  /**
   * Serves one connection until it is finished.
   *
   * @param connection the connection, open, with no byte read or written yet; it is valid until
   *     this method returns
   * @throws Exception to end the connection with a reset; see the class description
   */
  void handle(Connection connection) throws Exception;
}
