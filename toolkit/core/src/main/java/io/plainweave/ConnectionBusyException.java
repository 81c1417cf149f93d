package io.plainweave;

/**
 * Two threads have read from a connection, or written to it, at the same time. This is an error of
 * the handler.
 */
public final class ConnectionBusyException extends ConnectionException {
  /**
   * Makes one; for those who implement {@link Connection}.
   *
   * @param what what the other thread does, as in "reading from"
   */
  public ConnectionBusyException(String what) {
    super("another thread is " + what + " this connection", null);
  }
}
