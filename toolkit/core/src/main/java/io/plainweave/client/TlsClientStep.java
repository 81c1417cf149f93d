package io.plainweave.client;

import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.connection.TlsUpgrade;
import io.plainweave.tls.ClientTls;
import java.io.IOException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the TLS handshake of a client.
 *
 * @param host whose certificate is expected, if the description does not name another one; null for
 *     a path
 */
record TlsClientStep(ClientTls tls, @Nullable String host, int port) implements HandshakeStep {
  @Override
  public boolean run(SocketConnection connection) throws IOException {
    try {
      return TlsUpgrade.handshake(connection, tls.newEngine(host, port));
    } catch (SSLException e) {
      // In order, so that no reset overtakes the alert.
      connection.closeSocket();
      throw e;
    }
  }
}
