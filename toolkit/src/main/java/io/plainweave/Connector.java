package io.plainweave;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** The pauses between attempts to get into a full backlog. */
  private static final long SHORTEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);

  private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(50);

  /** Where to connect. */
  private sealed interface Destination {
    record Tcp(String host, int port) implements Destination {
      @Override
      public String toString() {
        return Addresses.format(host, port);
      }
    }

    record Unix(UnixDomainSocketAddress address) implements Destination {
      @Override
      public String toString() {
        return Addresses.format(address);
      }
    }
  }

  private final Destination destination;
  private final Duration connectTimeout;

  private Connector(Destination destination, Duration connectTimeout) {
    this.destination = destination;
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
    return new Connector(new Destination.Tcp(host, port), CONNECT_TIMEOUT);
  }

  /**
   * Describes where to connect on this machine by a Unix-domain socket (unix(7)). Nothing is looked
   * for at the path before {@link #connect()}.
   *
   * @param path where the server's socket is, of at most 106 bytes; a relative one begins at the
   *     working directory of the process
   * @return the description
   * @throws IllegalArgumentException if the path is longer, empty, or none of the default file
   *     system
   */
  public static Connector unix(Path path) {
    return new Connector(new Destination.Unix(SocketFile.address(path)), CONNECT_TIMEOUT);
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
    Listen.Tcp place = Listen.parse(text);
    return tcp(place.host() == null ? "localhost" : place.host(), place.port());
  }

  /**
   * Returns this description with another limit for {@link #connect()}, over all addresses of the
   * host. Default: 10 seconds. Zero leaves it to the operating system, to about two minutes for
   * each address; a Unix-domain server with a full backlog is waited for without end then.
   *
   * @param connectTimeout not negative
   * @return the description
   * @throws IllegalArgumentException if it is negative
   */
  public Connector connectTimeout(Duration connectTimeout) {
    if (connectTimeout.isNegative()) {
      throw new IllegalArgumentException("connectTimeout must not be negative: " + connectTimeout);
    }
    return new Connector(destination, connectTimeout);
  }

  /**
   * Connects, to the first address of the host that answers, in the order in which they are looked
   * up. The look-up counts as well, but cannot be ended early. At a path, a server that is there
   * answers at once, unless its backlog is full: then the attempt is repeated until the time is up.
   *
   * @return the connection, open, and the caller's to close
   * @throws ConnectException if that was not possible; the message is a sentence with the host and
   *     the port, or the path, and the cause is what the first address has said
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
    SocketChannel channel =
        switch (destination) {
          case Destination.Tcp tcp -> open(tcp);
          case Destination.Unix(UnixDomainSocketAddress address) -> open(address);
        };
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

  private SocketChannel open(Destination.Tcp tcp) throws ConnectException, InterruptedException {
    long begin = System.nanoTime();
    ConnectException failure = null;
    for (InetAddress address : lookUp(tcp.host())) {
      long left = left(begin);
      if (failure != null && left <= 0) {
        break;
      }
      try {
        return open(new InetSocketAddress(address, tcp.port()), left);
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

  private InetAddress[] lookUp(String host) throws ConnectException {
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

  /**
   * Connects to a path. A server that has no room in its backlog refuses for the moment
   * (connect(2), EAGAIN), and nothing tells when it has; the JDK does not tell that failure from
   * others either.
   */
  private SocketChannel open(UnixDomainSocketAddress address)
      throws ConnectException, InterruptedException {
    long begin = System.nanoTime();
    long pause = SHORTEST_PAUSE;
    while (true) {
      SocketChannel channel = openUnix();
      try {
        return connected(channel, address);
      } catch (IOException e) {
        if (!mayPass(e, address.getPath()) || left(begin) <= 0) {
          throw failed(e.getMessage(), e);
        }
      }
      LockSupport.parkNanos(Math.min(pause, left(begin)));
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while connecting to " + this);
      }
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  /** Whether the server is there, has not refused, and the system has not denied access to it. */
  private static boolean mayPass(IOException failure, Path path) {
    return failure instanceof SocketException
        && !(failure instanceof ConnectException || failure instanceof BindException)
        && Files.exists(path);
  }

  private SocketChannel openUnix() throws ConnectException {
    try {
      return SocketChannel.open(StandardProtocolFamily.UNIX);
    } catch (IOException e) {
      throw failed(e.getMessage(), e);
    }
  }

  /** Connects the channel to a path at once; when it fails, it is closed. */
  private static SocketChannel connected(SocketChannel channel, UnixDomainSocketAddress address)
      throws IOException {
    boolean connected = false;
    try {
      channel.configureBlocking(false);
      connected = channel.connect(address);
      if (!connected) {
        throw new SocketException("the connection is not complete");
      }
      return channel;
    } finally {
      if (!connected) {
        channel.close();
      }
    }
  }

  /** How many nanoseconds are left of the time to connect. */
  private long left(long begin) {
    return connectTimeout.isZero()
        ? Long.MAX_VALUE
        : TimeUnit.NANOSECONDS.convert(connectTimeout) - (System.nanoTime() - begin);
  }

  private ConnectException failed(@Nullable String why, IOException cause) {
    var failure = new ConnectException("cannot connect to " + this + ": " + why);
    failure.initCause(cause);
    return failure;
  }

  /** Returns {@code HOST:PORT}, with a literal IPv6 address in brackets, or {@code unix:PATH}. */
  @Override
  public String toString() {
    return destination.toString();
  }
}
