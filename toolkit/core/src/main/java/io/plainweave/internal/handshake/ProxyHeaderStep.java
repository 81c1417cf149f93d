package io.plainweave.internal.handshake;

import io.plainweave.CloseReason;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.admission.Refusal;
import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.ProxyProtocol;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;

/** Reads the PROXY header; what follows it stays in the connection's input. */
public record ProxyHeaderStep(ProxyProtocol protocol) implements HandshakeStep {
  private static final int MOST_BYTES = 4096;

  @Override
  public boolean run(SocketConnection connection) throws IOException {
    if (!protocol.isProxy(connection.remoteAddress())) {
      if (!protocol.othersDirect()) {
        connection.home().refused(connection, Refusal.NO_PROXY);
        connection.abort(new CloseReason.Refused(Refusal.NO_PROXY));
      }
      return protocol.othersDirect();
    }
    try {
      ProxyHeader header = ProxyHeader.read(connection.input(), MOST_BYTES);
      if (header != null) {
        connection.proxied(header);
      }
      return header != null;
    } catch (ProtocolException e) {
      throw new MalformedMessageException(String.valueOf(e.getMessage()));
    } catch (EOFException e) {
      throw new TruncatedMessageException(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public boolean needsTurn() {
    return false;
  }
}
