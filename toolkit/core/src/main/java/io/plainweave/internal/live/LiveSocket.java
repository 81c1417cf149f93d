package io.plainweave.internal.live;

import io.plainweave.CloseReason;
import io.plainweave.event.HandlerPosition;
import io.plainweave.internal.connection.ConnectionPhase;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.log.Log;
import io.plainweave.internal.trace.Traces;
import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.LiveConnection;
import io.plainweave.trace.Trace;
import io.plainweave.trace.TraceLimits;
import io.plainweave.trace.TraceTarget;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;

/** A connection in the hands of an operator. */
record LiveSocket(SocketConnection connection, Traces traces) implements LiveConnection {
  @Override
  public ConnectionStatus status() {
    return Look.at(connection);
  }

  @Override
  public Optional<HandlerPosition> position() {
    return Optional.ofNullable(connection.position());
  }

  @Override
  public Trace trace(TraceTarget target, TraceLimits limits) throws IOException {
    return traces.begin(connection, target, limits);
  }

  @Override
  public boolean end(String text) {
    CloseReason why = reason(text);
    if (connection.phase() == ConnectionPhase.HANDSHAKE) {
      // Nobody has written, and what TLS does meanwhile would have to be waited for.
      return reset(why);
    }
    // Before the close, so that whatever that cuts ends for this reason, too.
    if (!connection.endWith(why)) {
      return false;
    }
    try {
      connection.close();
    } catch (IOException e) {
      // It is closed all the same, and the peer has gone or does not read.
      Log.closeFailed(connection, e);
    }
    return true;
  }

  @Override
  public boolean reset(String text) {
    return reset(reason(text));
  }

  private boolean reset(CloseReason why) {
    boolean first = connection.abort(why);
    connection.interruptHandler();
    return first;
  }

  private static CloseReason reason(String text) {
    return new CloseReason.EndedByOperator(Objects.requireNonNull(text, "text"));
  }

  @Override
  public String toString() {
    return connection.toString();
  }
}
