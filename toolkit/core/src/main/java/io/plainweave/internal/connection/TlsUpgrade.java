package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.transport.TlsTransport;
import io.plainweave.tls.ClientTls;
import io.plainweave.tls.ServerTls;
import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/** Puts TLS between a connection and its channel. */
public final class TlsUpgrade {
  /** The handshake of a server, before the handler or when that begins it. */
  public record Step(ServerTls tls) implements HandshakeStep {
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
      return handshake(connection, tls.newEngine());
    }
  }

  private TlsUpgrade() {}

  /** See {@link Connection#startTls(ServerTls)}. */
  static void start(SocketConnection connection, ServerTls tls) throws IOException {
    leavePlain(connection);
    var step = new Step(tls);
    // One that was opened here is none of those that a flood of peers could bring.
    ensure(connection, connection.isOutbound() ? step.run(connection) : inTurn(connection, step));
  }

  /** See {@link Connection#startTls(ClientTls)}. */
  static void start(SocketConnection connection, ClientTls tls) throws IOException {
    SSLEngine engine = engineTo(connection, tls);
    leavePlain(connection);
    ensure(connection, handshake(connection, engine));
  }

  /** Sends what was written in plain, and sees to it that nothing is left of what has come so. */
  private static void leavePlain(SocketConnection connection) throws IOException {
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
    if (unread != null && !connection.input().isUntouched()) {
      // Whoever sits between the peers may have put it there, and it would look as if it had come
      // by TLS. Where nothing was read, it follows no wish: it is the beginning of the handshake.
      throw new MalformedMessageException(
          unread.remaining() + " bytes in plain follow the wish to begin TLS (CVE-2011-0411)");
    }
  }

  private static boolean inTurn(SocketConnection connection, Step step) throws IOException {
    ConnectionPhase before = connection.enter(ConnectionPhase.HANDSHAKE);
    Home home = connection.home();
    try {
      return home.handshake().runInTurn(step, connection, home.timeCheck().handshakeMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw connection.failed(new InterruptedIOException());
    } finally {
      connection.enter(before);
    }
  }

  private static void ensure(SocketConnection connection, boolean begun) throws IOException {
    if (!begun) {
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
    tellBegan(connection);
    long begun = System.nanoTime();
    try {
      boolean done = transport.handshake();
      noteAgreed(connection, transport);
      tellEnded(connection, begun, done ? null : new CloseReason.Finished());
      return done;
    } catch (IOException e) {
      IOException failure = connection.failed(e);
      tellEnded(
          connection, begun, connection.closeReason().orElseGet(() -> CloseReason.of(failure)));
      throw failure;
    } catch (RuntimeException e) {
      tellEnded(connection, begun, CloseReason.of(e));
      throw e;
    } finally {
      connection.enter(before);
    }
  }

  /** What both sides know of it without a secret. */
  private static void noteAgreed(SocketConnection connection, TlsTransport transport) {
    TlsSession agreed = transport.session();
    if (agreed != null && connection.socketOutput().taps().length > 0) {
      connection.note(
          "the TLS handshake has ended: %s, %s, application protocol %s"
              .formatted(
                  agreed.protocol(),
                  agreed.cipherSuite(),
                  agreed.applicationProtocol().orElse("none")));
    }
  }

  /** Of connections that were opened here no observer hears. */
  private static void tellBegan(SocketConnection connection) {
    if (!connection.isOutbound()) {
      Home home = connection.home();
      home.observer().onEvent(new ServerEvent.HandshakeBegan(connection, home.listenerName()));
    }
  }

  private static void tellEnded(
      SocketConnection connection, long begun, @Nullable CloseReason failure) {
    if (!connection.isOutbound()) {
      Home home = connection.home();
      Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
      home.observer()
          .onEvent(
              new ServerEvent.HandshakeEnded(
                  connection, home.listenerName(), elapsed, Optional.ofNullable(failure)));
    }
  }

  /** See {@link Connection#endTls}. */
  static void end(SocketConnection connection, @Nullable TlsTransport tls) throws IOException {
    if (tls == null) {
      throw new IllegalStateException("the " + connection + " does not speak TLS");
    }
    connection.flushOutputBuffer();
    connection.socketOutput().flush();
    connection.input().enter();
    try {
      connection.socketOutput().enter();
      try {
        connection.socketOutput().ensureNotFinished();
        endAlone(connection, tls);
      } finally {
        connection.socketOutput().leave();
      }
    } finally {
      connection.input().leave();
    }
  }

  private static void endAlone(SocketConnection connection, TlsTransport tls) throws IOException {
    if (connection.input().unread() != null) {
      throw TlsTransport.unread();
    }
    ConnectionPhase before = connection.enter(ConnectionPhase.HANDSHAKE);
    try {
      connection.usePlain(tls.end());
      tls.release(true);
    } catch (MalformedMessageException e) {
      throw e;
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
