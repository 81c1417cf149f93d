package io.plainweave;

import io.plainweave.text.OneLine;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A connection cannot be used as its handler wanted. What a handler can do about it decides the
 * kind; most handlers let all of them pass, and the connection ends with the {@link CloseReason}
 * that fits.
 *
 * <p>The message of each is one line, whatever the peer has sent: a character in it that is not
 * seen, such as a line feed, ESC or U+202E, is shown by its escape in Java.
 */
public abstract sealed class ConnectionException extends IOException
    permits PeerResetException,
        ConnectionClosedException,
        ConnectionBusyException,
        DeadlineExceededException,
        TruncatedMessageException,
        MalformedMessageException {
  ConnectionException(String message, @Nullable Throwable cause) {
    super(OneLine.of(message), cause);
  }
}
