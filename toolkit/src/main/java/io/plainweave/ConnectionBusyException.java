package io.plainweave;

/**
 * Two threads have read from a connection, or written to it, at the same time. This is an error of
 * the handler.
 */
public final class ConnectionBusyException extends ConnectionException {
  ConnectionBusyException(String what) {
    super("another thread is " + what + " this connection", null);
  }
}
