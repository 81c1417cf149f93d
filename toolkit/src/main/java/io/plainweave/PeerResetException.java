package io.plainweave;

/**
 * The peer has reset the connection, or the network has lost it. Nothing more can be read or
 * written.
 */
public final class PeerResetException extends ConnectionException {
  PeerResetException(Connection connection, Throwable cause) {
    super("the " + connection + " was reset by the peer or lost: " + cause.getMessage(), cause);
  }
}
