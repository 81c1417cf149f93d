package io.plainweave;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections to another server, for the handlers of this one: a description, of which one
 * object serves any number of threads and connections.
 *
 * <p><b>Ownership.</b> The connection belongs to whoever has opened it, who closes it, best by
 * try-with-resources; leaving that block by an exception closes it in order, too, unless {@link
 * Connection#abort()} was called before. The server does not count it against its limit of
 * connections, and tells no observer of it.
 *
 * <p><b>Time.</b> The {@link TimeLimits} of the server apply, as to the connections that it has
 * accepted, but for those of the first byte and the lifetime. Where {@link TimeLimits#idle()} would
 * end the input of an accepted connection, this one is reset, two seconds later: a reply that does
 * not come must not be taken for one that has ended.
 *
 * <p><b>Shutdown.</b> The drain leaves it alone, since a handler that finishes its work may need
 * it. Cancellation resets it.
 */
public final class Connector {
  private final String host;
  private final int port;
  private final Duration connectTimeout;

  private Connector(String host, int port, Duration connectTimeout) {
    this.host = host;
    this.port = port;
    this.connectTimeout = connectTimeout;
  }

  /**
   * Describes where to connect by TCP. Nothing is looked up before {@link #connect()}.
   *
   * @param host a name or a literal address, IPv4 or IPv6
   * @param port from 1 to 65535
   * @return the description
   * @throws IllegalArgumentException if the port is out of range or the host is empty
   */
  public static Connector tcp(String host, int port) {
    if (Objects.requireNonNull(host, "host").isBlank()) {
      throw new IllegalArgumentException("the host is empty: '" + host + "'");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("a port to connect to is from 1 to 65535: " + port);
    }
    return new Connector(host, port, Duration.ofSeconds(10));
  }

  /**
   * Reads a description as people write it: {@code HOST:PORT}, {@code [IPv6]:PORT}, or {@code PORT}
   * of this machine.
   *
   * @param text for example {@code db.example:5432}, {@code [::1]:5432} or {@code 5432}
   * @return the description
   * @throws IllegalArgumentException if the text is none of these; the message says so, with the
   *     text in it
   */
  public static Connector parse(String text) {
    Listen.Tcp place =
        switch (Listen.parse(text)) {
          case Listen.Tcp tcp -> tcp;
        };
    return tcp(place.host() == null ? "localhost" : place.host(), place.port());
  }

  /**
   * Returns this description with another limit for {@link #connect()}, over all addresses of the
   * host. Default: 10 seconds. Zero leaves it to the operating system, to about two minutes for
   * each address.
   *
   * @param connectTimeout not negative
   * @return the description
   * @throws IllegalArgumentException if it is negative
   */
  public Connector connectTimeout(Duration connectTimeout) {
    if (connectTimeout.isNegative()) {
      throw new IllegalArgumentException("connectTimeout must not be negative: " + connectTimeout);
    }
    return new Connector(host, port, connectTimeout);
  }

  /**
   * Connects, to the first address of the host that answers, in the order in which they are looked
   * up. The look-up counts as well, but cannot be ended early.
   *
   * @return the connection, open, and the caller's to close
   * @throws ConnectException if that was not possible; the message is a sentence with the host and
   *     the port, and the cause is what the first address has said
   * @throws IOException if the connection was lost as soon as it was made
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if the calling thread is not one of a handler, or of a scope that
   *     it has opened: nothing would watch over the connection
   */
  public Connection connect() throws IOException, InterruptedException {
    if (!Server.CURRENT.isBound()) {
      throw new IllegalStateException(
          "only a handler can connect to " + this + ": elsewhere nothing watches the time limits");
    }
    Server server = Server.CURRENT.get();
    SocketChannel channel = open();
    boolean complete = false;
    try {
      var connection = SocketConnection.registerOutward(server.context(), channel);
      if (server.state().isAtLeast(ServerState.CANCELLING)) {
        // It may have come too late to be cancelled with the others.
        connection.cancel();
      }
      complete = true;
      return connection;
    } finally {
      if (!complete) {
        channel.close();
      }
    }
  }

  private SocketChannel open() throws ConnectException, InterruptedException {
    long begin = System.nanoTime();
    ConnectException failure = null;
    for (InetAddress address : lookUp()) {
      long left = TimeUnit.NANOSECONDS.convert(connectTimeout) - (System.nanoTime() - begin);
      if (failure != null && left <= 0 && !connectTimeout.isZero()) {
        break;
      }
      try {
        return open(new InetSocketAddress(address, port), left);
      } catch (IOException e) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while connecting to " + this);
        }
        if (failure == null) {
          failure = failed(e instanceof SocketTimeoutException ? "no answer" : e.getMessage(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    throw Objects.requireNonNull(failure, "a host has at least one address");
  }

  private InetAddress[] lookUp() throws ConnectException {
    try {
      return InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      throw failed("the host is unknown", e);
    }
  }

  /** Connects to one address; when it fails, nothing stays open. */
  private SocketChannel open(InetSocketAddress address, long nanos) throws IOException {
    SocketChannel channel = SocketChannel.open();
    boolean connected = false;
    try {
      // The only connect of the JDK with a limit that a channel in blocking mode has.
      long millis = Math.ceilDiv(nanos, TimeUnit.MILLISECONDS.toNanos(1));
      int limit = connectTimeout.isZero() ? 0 : Math.clamp(millis, 1, Integer.MAX_VALUE);
      channel.socket().connect(address, limit);
      connected = true;
      return channel;
    } finally {
      if (!connected) {
        channel.close();
      }
    }
  }

  private ConnectException failed(@Nullable String why, IOException cause) {
    var failure = new ConnectException("cannot connect to " + this + ": " + why);
    failure.initCause(cause);
    return failure;
  }

  /** Returns {@code HOST:PORT}, with a literal IPv6 address in brackets. */
  @Override
  public String toString() {
    return Addresses.format(host, port);
  }
}
