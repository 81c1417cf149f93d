package io.plainweave;

/**
 * The peer has finished its output in the middle of a message, or over TLS without close_notify, so
 * that nobody knows whether more was to come (RFC 8446, section 6.1).
 */
public final class TruncatedMessageException extends ConnectionException {
  /**
   * Makes one; for readers of message formats.
   *
   * @param message what was missing
   */
  public TruncatedMessageException(String message) {
    super(message, null);
  }
}
