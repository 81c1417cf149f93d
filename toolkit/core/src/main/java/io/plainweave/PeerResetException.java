package io.plainweave;

/**
 * The peer has reset the connection, or the network has lost it: nothing more can be written.
 *
 * <p>After a read has failed so, nothing more can be read either. After a write has, what the peer
 * had sent before may still be there to read, such as the reply of a server that does not want the
 * rest of a request. Behind it reading fails, too, with {@link ConnectionClosedException}: whether
 * that was all is unknown. (Over TLS the peer's close_notify shows it, and ends the input in
 * order.)
 */
public final class PeerResetException extends ConnectionException {
  /**
   * Makes one; for those who implement {@link Connection}.
   *
   * @param connection the connection that was reset
   * @param cause what the socket has said
   */
  public PeerResetException(Connection connection, Throwable cause) {
    super("the " + connection + " was reset by the peer or lost: " + cause.getMessage(), cause);
  }
}
