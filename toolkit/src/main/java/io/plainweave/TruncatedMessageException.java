package io.plainweave;

/** The peer has finished its output in the middle of a message. */
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
