package io.plainweave.tls;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * A handshake between two engines in memory.
 *
 * @param client what the client knows of it
 * @param server what the server knows of it
 */
record Handshake(TlsSession client, TlsSession server) {
  private static final int MOST_STEPS = 1000;

  /** Fails as the side that finds fault with the other one does. */
  static Handshake between(SSLEngine client, SSLEngine server) throws SSLException {
    ByteBuffer toServer = ByteBuffer.allocate(64 * 1024);
    ByteBuffer toClient = ByteBuffer.allocate(64 * 1024);
    client.beginHandshake();
    server.beginHandshake();
    for (int steps = 0; isBusy(client) || isBusy(server); steps++) {
      step(client, toServer, toClient);
      step(server, toClient, toServer);
      if (steps > MOST_STEPS) {
        throw new AssertionError("the handshake does not end");
      }
    }
    // What the server sends after its handshake, such as tickets and alerts about the certificate
    // of the client.
    step(client, toServer, toClient);
    return new Handshake(TlsSession.of(client), TlsSession.of(server));
  }

  private static boolean isBusy(SSLEngine engine) {
    return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
  }

  private static void step(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
    switch (engine.getHandshakeStatus()) {
      case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
      case NEED_TASK -> engine.getDelegatedTask().run();
      default -> {
        in.flip();
        SSLEngineResult result = engine.unwrap(in, ByteBuffer.allocate(32 * 1024));
        in.compact();
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
          throw new SSLException("closed");
        }
      }
    }
  }
}
