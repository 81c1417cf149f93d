package io.plainweave.internal.connection;

import io.plainweave.tls.ServerTls;
import java.io.IOException;

/** Carries out the TLS handshake of a server. */
public record TlsStep(ServerTls tls) implements HandshakeStep {
  /** Peers that say nothing take no turn of those who do. */
  @Override
  public void awaitPeer(SocketConnection connection) throws IOException {
    if (connection.input().unread() == null) {
      try {
        connection.channel().awaitReadable();
      } catch (IOException e) {
        throw connection.failed(e);
      }
    }
  }

  @Override
  public boolean run(SocketConnection connection) throws IOException {
    return TlsUpgrade.handshake(connection, tls.newEngine());
  }
}
