package io.plainweave.internal.connection;

import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.internal.transport.TlsTransport;
import io.plainweave.tls.ClientTls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLHandshakeException;

/** Puts TLS between a connection and its channel. */
public final class TlsUpgrade {
  private TlsUpgrade() {}

  /** See {@link Connection#startTls}. */
  static void start(SocketConnection connection, SSLEngine engine) throws IOException {
    if (connection.tls().isPresent()) {
      throw new IllegalStateException("the " + connection + " speaks TLS already");
    }
    if (connection.input().readsAhead()) {
      // Always, not only where something has followed: so this is seen when the program is tried
      // out, and not when it is attacked.
      throw new IllegalStateException(
          "the last read of the %s could have taken more than has come, as that of a BufferedReader: "
                  .formatted(connection)
              + "what follows the wish to begin TLS would look as if it had come by TLS "
              + "(CVE-2011-0411); use Lines, readUntil, or ask for as many bytes as there must be");
    }
    connection.flushOutputBuffer();
    connection.socketOutput().flush();
    ByteBuffer unread = connection.input().unread();
    if (unread != null) {
      // Whoever sits between the peers may have put it there, and it would look as if it had come
      // by TLS.
      throw new MalformedMessageException(
          unread.remaining() + " bytes in plain follow the wish to begin TLS (CVE-2011-0411)");
    }
    if (!handshake(connection, engine)) {
      throw connection.failed(
          new SSLHandshakeException("the peer has finished without a TLS handshake"));
    }
  }

  /**
   * Carries out a handshake in the calling thread, while nobody reads or writes, under the time
   * limit of the handshake. What was received and not read is taken for a part of it.
   *
   * @return false if the peer has finished without a byte
   */
  public static boolean handshake(SocketConnection connection, SSLEngine engine)
      throws IOException {
    connection.input().enter();
    try {
      connection.socketOutput().enter();
      try {
        return handshakeAlone(connection, engine);
      } finally {
        connection.socketOutput().leave();
      }
    } finally {
      connection.input().leave();
    }
  }

  private static boolean handshakeAlone(SocketConnection connection, SSLEngine engine)
      throws IOException {
    ByteBuffer unread = connection.input().unread();
    var transport = new TlsTransport(engine, connection.channel(), connection.buffers(), unread);
    connection.use(transport);
    ConnectionPhase before = connection.enter(ConnectionPhase.HANDSHAKE);
    try {
      return transport.handshake();
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      connection.enter(before);
    }
  }

  /** Makes the engine of a client that knows nothing of the server but where it is. */
  static SSLEngine engineTo(Connection connection, ClientTls tls) {
    return connection.remoteAddress() instanceof InetSocketAddress server
        ? tls.newEngine(server.getAddress().getHostAddress(), server.getPort())
        : tls.newEngine(null, 0);
  }
}
