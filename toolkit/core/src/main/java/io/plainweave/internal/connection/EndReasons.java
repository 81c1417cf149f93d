package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.PeerResetException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What a failure of the transport means for the end of a connection, and the other way round. */
final class EndReasons {
  /** For a connection that has failed, where there is no memory to say why. */
  static final CloseReason OUT_OF_MEMORY =
      new CloseReason.HandlerFailed(new OutOfMemoryError("no memory to tell what has failed"));

  private EndReasons() {}

  /** What a failure of the transport of an open connection means for it. */
  static CloseReason ofTransport(Connection connection, IOException failure) {
    return switch (failure) {
      case SSLException e -> new CloseReason.TlsFailed(e);
      case TruncatedMessageException e -> new CloseReason.Truncated(e);
      default -> new CloseReason.PeerReset(new PeerResetException(connection, failure));
    };
  }

  /** The failure for which a connection was ended, if it was for one. */
  static @Nullable Throwable failureOf(CloseReason why) {
    return switch (why) {
      case CloseReason.HandlerFailed(Throwable failure) -> failure;
      case CloseReason.UpstreamFailed(IOException failure) -> failure;
      case CloseReason.PeerReset(PeerResetException failure) -> failure;
      case CloseReason.Truncated(TruncatedMessageException failure) -> failure;
      case CloseReason.Malformed(MalformedMessageException failure) -> failure;
      case CloseReason.TlsFailed(SSLException failure) -> failure;
      default -> null;
    };
  }
}
