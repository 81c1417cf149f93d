package io.plainweave;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A connection cannot be used as its handler wanted. What a handler can do about it decides the
 * kind; most handlers let all of them pass, and the connection ends with the {@link CloseReason}
 * that fits.
 */
public abstract sealed class ConnectionException extends IOException
    permits PeerResetException,
        ConnectionClosedException,
        ConnectionBusyException,
        TruncatedMessageException,
        MalformedMessageException {
  ConnectionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
