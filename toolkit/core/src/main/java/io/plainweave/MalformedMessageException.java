package io.plainweave;

/**
 * The peer has sent what is no message of the protocol, for example a length that is negative or
 * beyond the limit.
 */
public final class MalformedMessageException extends ConnectionException {
  /**
   * Makes one; for readers of message formats.
   *
   * @param message what is wrong, with the value
   */
  public MalformedMessageException(String message) {
    super(message, null);
  }
}
