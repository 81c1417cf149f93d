package io.plainweave.client;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Duplex;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.thread.Belonging;
import io.plainweave.internal.thread.Scope;
import io.plainweave.proxyprotocol.ProxiedTls;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.proxyprotocol.Tlv;
import io.plainweave.tls.TlsSession;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Joins two connections: what either peer sends, the other one receives, as if they were connected
 * to each other. Either may be behind layers, or no connection at all, but two streams ({@link
 * Duplex}).
 *
 * <p><b>The end of a direction.</b> When one side has finished its output, the other side's is
 * finished behind the last byte (FIN), and the opposite direction goes on. The relay returns when
 * both directions have ended.
 *
 * <p><b>Failure.</b> When one side is reset, or fails otherwise, both are reset, and {@link
 * #between} throws what has happened. So each peer can distinguish a whole stream from a broken
 * one, as it could without the relay; but over a Unix-domain socket, only if its protocol says so
 * ({@link Connection#abort()}).
 *
 * <p><b>Time.</b> The {@link io.plainweave.TimeLimits} of each connection apply to it, and whatever
 * reaches one of them ends both.
 *
 * <ul>
 *   <li>{@link io.plainweave.TimeLimits#idle()} looks at both directions of a connection, and each
 *       byte of a relay comes at one connection and goes at the other. So a relay is idle when
 *       nothing moves in either direction: one that streams in one direction only is not, however
 *       long the other one is quiet. The accepted connection then reads end of stream, which goes
 *       round in order.
 *   <li>{@link io.plainweave.TimeLimits#halfClosed()} begins for a connection when FIN was passed
 *       to its peer, and is over when that peer sends nothing for so long: the one that asked may
 *       be the client or the server.
 *   <li>{@link io.plainweave.TimeLimits#writeStall()} is reached when a peer takes nothing of what
 *       is there for it; while it is slow, no more than a buffer is read from the other one.
 * </ul>
 *
 * <p>That is for connections as they are. Behind layers, or where one side is none, the limits of a
 * connection look at its own bytes only.
 *
 * <p><b>Drain.</b> A relay does not know what a message is. It waits when for 200 ms nothing has
 * moved in either direction: then the accepted connection reads end of stream, FIN goes to the
 * other peer, and the relay returns when that one has finished as well. One that flows goes on
 * until it pauses.
 */
public final class Relay {
  /**
   * What a relay has carried to the end of both streams.
   *
   * @param forwardBytes from the first connection to the other
   * @param backwardBytes from the other connection to the first
   */
  public record Result(long forwardBytes, long backwardBytes) {}

  /** One direction, and the task of its thread. */
  private final class Direction implements Scope.Task {
    private final Duplex from;
    private final Duplex to;

    /** Written by the thread of the task at its end. */
    private long bytes;

    Direction(Duplex from, Duplex to) {
      this.from = from;
      this.to = to;
    }

    @Override
    public Scope.After call() {
      Belonging.inherit(caller);
      try {
        bytes = copy(from, to);
        to.finishOutput();
      } catch (IOException | RuntimeException | Error e) {
        // In this order: what the reset makes of the opposite direction is no failure of its own.
        failure.compareAndSet(null, e);
        abort(e);
      }
      return Scope.After.CONTINUE;
    }
  }

  private static final int CHUNK = 16 * 1024;

  private final Duplex near;
  private final Duplex far;

  /** Carries one direction itself. */
  private final Thread caller = Thread.currentThread();

  /** The first failure of a direction, set by its thread. */
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private Relay(Duplex near, Duplex far) {
    this.near = near;
    this.far = far;
  }

  /**
   * Relays until both directions have ended. The calling thread carries one of them; another
   * thread, which does not outlive the call, carries the other one. Bytes that were read before are
   * not carried, what was written before is sent first.
   *
   * <p>When this returns, the outputs of both sides are finished, and they are still to be closed.
   * When it throws, both have been reset. Nobody else may read or write either of them meanwhile.
   *
   * @param connection one side, as a rule the handler's own connection
   * @param other the other side, as a rule one that the handler has opened by a {@link Connector}
   * @return how much was carried
   * @throws IOException if either side fails
   * @throws InterruptedException if the calling thread is interrupted
   */
  public static Result between(Duplex connection, Duplex other)
      throws IOException, InterruptedException {
    var relay = new Relay(connection, other);
    try {
      return relay.run();
    } catch (Throwable e) {
      relay.abort(e);
      throw e;
    }
  }

  private Result run() throws IOException, InterruptedException {
    begin(near);
    begin(far);
    var forward = new Direction(near, far);
    var backward = new Direction(far, near);
    try (Scope scope =
        Scope.open("relay to " + far, Scope.silent(Thread.ofVirtual().name("relay from " + far)))) {
      scope.fork(
          near instanceof SocketConnection socket
              ? () ->
                  ScopedValue.where(SocketConnection.OF_FORKED_THREAD, socket).call(backward::call)
              : backward);
      forward.call();
      scope.join();
    }
    return switch (failure.get()) {
      case null -> new Result(forward.bytes, backward.bytes);
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new AssertionError("no direction throws this", e);
    };
  }

  private void abort(Throwable cause) {
    abort(near, cause);
    abort(far, cause);
  }

  private static void abort(Duplex side, Throwable cause) {
    switch (side) {
      case SocketConnection socket -> socket.abortFor(cause);
      case Connection connection -> connection.abort(CloseReason.of(cause));
      default -> side.abort();
    }
  }

  /** Sends what was written before. */
  private static void begin(Duplex side) throws IOException {
    if (side instanceof SocketConnection socket) {
      socket.beginRelay();
    } else {
      side.output().flush();
    }
  }

  private static long copy(Duplex from, Duplex to) throws IOException {
    if (from instanceof SocketConnection && to instanceof SocketConnection socket) {
      return from.input().transferTo(socket.socketOutput());
    }
    long copied = 0;
    byte[] chunk = new byte[CHUNK];
    for (int n; (n = from.input().read(chunk)) >= 0; copied += n) {
      to.output().write(chunk, 0, n);
      to.output().flush(); // nobody else does: this thread next waits for the other side
    }
    return copied;
  }

  /**
   * Makes the header by which a relay lets its target know whose connection it passes on ({@link
   * Connector#proxyHeader}). It is of version 2, with the addresses of the connection; so if that
   * has come with a header itself, they are those of the first client. Of a connection over TLS it
   * has the protocol (ALPN), the name that the client has asked for, version and cipher, and
   * whether the client has shown a certificate.
   *
   * <p>Of a client on a Unix-domain socket it tells nothing, and says that the connection is the
   * relay's own ({@link ProxyHeader#local()}), as HAProxy does: the specification has paths of such
   * sockets, but nginx and HAProxy refuse them. To a target that takes them, {@link
   * ProxyHeader#v2(SocketAddress, SocketAddress)} tells them. It tells the two addresses alone,
   * too, to a target that takes no more, as nginx before 1.23.2: at most 107 bytes.
   *
   * @param connection the one that is passed on
   * @return the header, which may be given further TLVs
   */
  public static ProxyHeader headerFor(Connection connection) {
    if (!(connection.remoteAddress() instanceof InetSocketAddress client)) {
      return ProxyHeader.local();
    }
    ProxyHeader header = ProxyHeader.v2(client, connection.localAddress());
    return connection.tls().map(tls -> header.with(tlvs(tls))).orElse(header);
  }

  private static Tlv[] tlvs(TlsSession tls) {
    // The engine does not tell in which connection of the session it was shown.
    boolean certified = !tls.peerCertificates().isEmpty();
    int client = ProxiedTls.CLIENT_SSL | (certified ? ProxiedTls.CLIENT_CERT_SESS : 0);
    var proxied =
        new ProxiedTls(
            client,
            certified ? 0 : 1,
            List.of(
                Tlv.of(Tlv.SSL_VERSION, tls.protocol()),
                Tlv.of(Tlv.SSL_CIPHER, tls.cipherSuite())));
    return Stream.of(
            tls.applicationProtocol()
                .map(name -> new Tlv(Tlv.ALPN, name.getBytes(StandardCharsets.ISO_8859_1))),
            tls.serverName().map(name -> Tlv.of(Tlv.AUTHORITY, name)),
            Optional.of(proxied.toTlv()))
        .flatMap(Optional::stream)
        .toArray(Tlv[]::new);
  }
}
