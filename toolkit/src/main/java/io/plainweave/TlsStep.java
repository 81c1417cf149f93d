package io.plainweave;

import io.plainweave.tls.ServerTls;
import java.io.IOException;

/** Carries out the TLS handshake of a server. */
record TlsStep(ServerTls tls) implements PrefaceStep {
  @Override
  public boolean run(SocketConnection connection) throws IOException {
    return TlsUpgrade.handshake(connection, tls.newEngine());
  }
}
