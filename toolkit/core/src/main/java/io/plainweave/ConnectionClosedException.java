package io.plainweave;

import org.jspecify.annotations.Nullable;

/** The connection was closed at this side: by its handler, by a time limit or by the server. */
public final class ConnectionClosedException extends ConnectionException {
  private final transient CloseReason reason;

  /**
   * Makes one; for those who implement {@link Connection}.
   *
   * @param connection the connection that is closed
   * @param reason why it was closed
   * @param cause what it was closed for, if that is a failure
   */
  public ConnectionClosedException(
      Connection connection, CloseReason reason, @Nullable Throwable cause) {
    super("the " + connection + " is closed: " + reason, cause);
    this.reason = reason;
  }

  /**
   * Returns why it was closed.
   *
   * @return the reason that came first
   */
  public CloseReason reason() {
    return reason;
  }
}
