package io.plainweave.client;

import io.plainweave.Connection;
import io.plainweave.TcpOptions;
import io.plainweave.internal.connection.Home;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Countdown;
import io.plainweave.kernel.SocketPath;
import io.plainweave.proxyprotocol.ProxyHeader;
import io.plainweave.text.HostPort;
import io.plainweave.tls.ClientTls;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Opens connections to a server, in any thread of any program:
 *
 * {@snippet file="io/plainweave/client/ConnectorTest.java" region="client"}
 *
 * <p>It is a description, of which one object serves any number of threads and connections.
 *
 * <p><b>Ownership.</b> The connection belongs to whoever has opened it, who closes it, best by
 * try-with-resources; leaving that block by an exception closes it in order, too, unless {@link
 * Connection#abort()} was called before.
 *
 * <p><b>Where it lives.</b> Something has to wait for it and to watch its time limits: the server
 * or the client to which the thread belongs that connects, or else the process.
 *
 * <ul>
 *   <li>In a thread of a server, of a handler above all, and in what such a thread forks in a
 *       scope: the server. Its {@link io.plainweave.TimeLimits} apply, as to the connections that
 *       it has accepted. The server does not count the connection against its limit, and no
 *       observer hears of it. The drain leaves it alone, since a handler that finishes its work may
 *       need it. Cancellation resets it.
 *   <li>By {@link Client#connect(Connector)}: that client, with its own time limits. Its {@link
 *       Client#close()} resets what is still open. So it is in threads that are forked in a scope
 *       of such a connection.
 *   <li>In all other threads: the process, with {@link io.plainweave.TimeLimits#DEFAULT}. Nothing
 *       but its owner ends the connection. The threads behind it are started by the first such
 *       call, are never ended, and keep no program from its end; the end of the process closes the
 *       socket.
 * </ul>
 *
 * <p><b>Time.</b> The limits of the first byte and the lifetime do not apply. Where {@link
 * io.plainweave.TimeLimits#idle()} would end the input of an accepted connection, this one is
 * reset, two seconds later: a reply that does not come must not be taken for one that has ended.
 */
public final class Connector {
  private static final String UNIX = "unix:";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** The limits of the first and the last pause between attempts. */
  private static final long SHORTEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(5);

  private final Destination destination;
  private final Duration connectTimeout;
  private final Duration retryTime;
  private final OutboundHandshake handshake;

  private Connector(
      Destination destination,
      Duration connectTimeout,
      Duration retryTime,
      OutboundHandshake handshake) {
    this.destination = destination;
    this.connectTimeout = connectTimeout;
    this.retryTime = retryTime;
    this.handshake = handshake;
  }

  private static Connector to(Destination destination) {
    return new Connector(destination, CONNECT_TIMEOUT, Duration.ZERO, OutboundHandshake.NONE);
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
    return to(TcpDestination.of(host, port));
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
    return to(new UnixDestination(SocketPath.address(path)));
  }

  /**
   * Reads a description as people write it: {@code HOST:PORT}, {@code [IPv6]:PORT}, {@code PORT} of
   * this machine, or {@code unix:PATH}.
   *
   * @param text for example {@code db.example:5432}, {@code [::1]:5432}, {@code 5432} or {@code
   *     unix:/run/app.sock}
   * @return the description
   * @throws IllegalArgumentException if the text is none of these, or {@link #unix} does not take
   *     the path; the message says so, with the text or the path in it
   */
  public static Connector parse(String text) {
    if (text.startsWith(UNIX)) {
      return unix(Path.of(text.substring(UNIX.length())));
    }
    HostPort place = HostPort.parse(text);
    return tcp(place.host() == null ? "localhost" : place.host(), place.port());
  }

  /**
   * Returns this description with another limit for one attempt to connect, over the look-up, all
   * addresses of the host, and what the connection begins with; a TLS handshake is also under
   * {@link io.plainweave.TimeLimits#handshake()}. Default: 10 seconds. Zero leaves it to the
   * operating system, to about two minutes for each address; a Unix-domain server with a full
   * backlog is waited for without end then.
   *
   * @param connectTimeout not negative
   * @return the description
   * @throws IllegalArgumentException if it is negative
   */
  public Connector connectTimeout(Duration connectTimeout) {
    return new Connector(
        destination, notNegative("connectTimeout", connectTimeout), retryTime, handshake);
  }

  /**
   * Returns this description with a time for which {@link #connect()} tries again what was not
   * possible, for example while the other server restarts. The pauses between the attempts are
   * chosen by chance, up to 100 ms at first, twice as much each time, and up to 5 seconds at last,
   * so that those who have lost their connections in one moment do not come back in one moment. At
   * a path that is worth it where the server refuses, is not there or has no room; what is there
   * but no such socket, a missing folder or permission fails at once. Default: zero, one attempt.
   *
   * @param retryTime from the first attempt to the beginning of the last one, not negative
   * @return the description
   * @throws IllegalArgumentException if it is negative
   */
  public Connector retryFor(Duration retryTime) {
    return new Connector(
        destination, connectTimeout, notNegative("retryFor", retryTime), handshake);
  }

  /**
   * Returns this description with a PROXY header, which is sent before all else. A relay lets its
   * target know by it whose connection it passes on, and describes each connection anew:
   *
   * {@snippet file="io/plainweave/client/ProxyHeaderSentTest.java" region="relay"}
   *
   * @param proxyHeader for example {@link io.plainweave.client.Relay#headerFor(Connection)} of the
   *     connection that is passed on, or {@link ProxyHeader#local()} for one of this server's own
   * @return the description
   */
  public Connector proxyHeader(ProxyHeader proxyHeader) {
    return with(handshake.with(proxyHeader));
  }

  /**
   * Returns this description for connections by TLS. The server's certificate must be for the host,
   * or for {@link ClientTls.Builder#serverName}: a connection to a path fails without that. An
   * {@link javax.net.ssl.SSLException} of {@link #connect()} says that the two sides do not agree.
   *
   * <p>In TLS 1.3 a server looks at the certificate of this side when the handshake is over here
   * (RFC 8446, section 2). If it refuses that, or misses one, {@link #connect()} cannot know; the
   * first read fails with the {@link javax.net.ssl.SSLException}, or a write if the server has
   * closed the connection by then. A protocol in which the client begins had better read before it
   * does what it cannot undo.
   *
   * @param tls how this side speaks it
   * @return the description
   */
  public Connector tls(ClientTls tls) {
    return with(
        handshake.with(
            switch (destination) {
              case TcpDestination tcp -> new TlsClientStep(tls, tcp.host(), tcp.port());
              case UnixDestination _ -> new TlsClientStep(tls, null, 0);
            }));
  }

  private Connector with(TcpDestination destination) {
    return new Connector(destination, connectTimeout, retryTime, handshake);
  }

  /** Returns this description with another handshake. */
  Connector with(OutboundHandshake handshake) {
    return new Connector(destination, connectTimeout, retryTime, handshake);
  }

  private static Duration notNegative(String name, Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative: " + time);
    }
    return time;
  }

  /**
   * Returns this description with a local address at which the connections begin, on a machine that
   * has several. Of the host's addresses those of the same family are tried. Default: what the
   * system chooses.
   *
   * @param localAddress an address of this machine
   * @return the description
   * @throws IllegalArgumentException if the connection is to a path, which has no such address
   */
  public Connector localAddress(InetAddress localAddress) {
    Objects.requireNonNull(localAddress, "localAddress");
    return switch (destination) {
      case TcpDestination tcp -> with(tcp.from(localAddress));
      case UnixDestination unix ->
          throw new IllegalArgumentException(
              "a connection to a path has no local address like "
                  + localAddress.getHostAddress()
                  + ": "
                  + unix);
    };
  }

  /**
   * Returns this description with options of the sockets. Default: those of the system.
   *
   * @param options of TCP sockets
   * @return the description
   * @throws IllegalArgumentException if the connection is to a path, which has none of them
   */
  public Connector options(TcpOptions options) {
    Objects.requireNonNull(options, "options");
    return switch (destination) {
      case TcpDestination tcp -> with(tcp.with(options));
      case UnixDestination unix ->
          throw new IllegalArgumentException("a connection to a path has no TCP options: " + unix);
    };
  }

  /**
   * Returns this description for connections through a proxy, which looks up the host instead of
   * this machine. All else is as without it, TLS and the PROXY header included, which go to the
   * destination. What the proxy takes to connect is under {@link #connectTimeout}; a refusal is a
   * {@link ConnectException} with its answer, and is worth another attempt ({@link #retryFor}) as
   * long as it does not concern credentials or rules. {@link Connection#remoteAddress()} is the
   * proxy's.
   *
   * {@snippet file="io/plainweave/client/ProxyServerTest.java" region="via"}
   *
   * @param proxy replaces the one before; there is no chain of them
   * @return the description
   * @throws IllegalArgumentException if the connection is to a path, or to a host that cannot be
   *     told to a proxy: longer than 255 characters, or with others than printable ones of ASCII
   */
  public Connector via(ProxyServer proxy) {
    Objects.requireNonNull(proxy, "proxy");
    return switch (destination) {
      case TcpDestination tcp ->
          with(tcp.via(proxy)).with(handshake.behind(proxy.to(tcp.host(), tcp.port())));
      case UnixDestination unix ->
          throw new IllegalArgumentException(
              "a connection to a path does not go through " + proxy + ": " + unix);
    };
  }

  /**
   * Connects, by TCP to the address of the host that answers first: addresses of IPv6 and IPv4 take
   * turns, IPv6 first, and the next one is tried besides when one has failed or has not answered
   * for 250 ms (RFC 8305). At a path, a server that is there answers at once, unless its backlog is
   * full: then the attempt is repeated until the time is up.
   *
   * <p>It is ended by an interrupt, and so by the cancellation of a server whose thread it is.
   *
   * @return the connection, open, and the caller's to close
   * @throws ConnectException if that was not possible; the message is a sentence with the host and
   *     the port, or the path, and with what each address has said; the cause is what the first one
   *     has said, in the last attempt
   * @throws IOException if the connection was lost as soon as it was made
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if the calling thread belongs to a {@link Client}, as one that
   *     was forked for a connection of it, and that is closed; or, where the thread belongs to the
   *     process, if the structured concurrency of this JDK is not known
   */
  public Connection connect() throws IOException, InterruptedException {
    return openIn(home());
  }

  /** Where the connections of the calling thread live. */
  Home home() throws ConnectException {
    if (Home.CURRENT.isBound()) {
      return Home.CURRENT.get();
    }
    try {
      return Client.shared().home();
    } catch (IOException e) {
      throw destination.failed("" + e.getMessage(), e);
    }
  }

  /** See {@link #connect()}. */
  SocketConnection openIn(Home home) throws IOException, InterruptedException {
    // A server has the threads that connect, and interrupts them; a client only their calls.
    return home instanceof ClientHome client ? client.open(this) : open(home);
  }

  /** The same where the caller ends it by an interrupt. */
  SocketConnection open(Home home) throws IOException, InterruptedException {
    return home.surroundings().call(() -> openHere(home));
  }

  private SocketConnection openHere(Home home) throws IOException, InterruptedException {
    Countdown retries = Countdown.of(retryTime);
    var backoff = new Backoff(SHORTEST_PAUSE, LONGEST_PAUSE, ThreadLocalRandom.current());
    while (true) {
      try {
        return connect(home, Countdown.of(connectTimeout));
      } catch (ConnectException e) {
        if (retryTime.isZero() || retries.isOver() || !destination.mayPass(e)) {
          throw e;
        }
      }
      try {
        backoff.pause(retries.left());
      } catch (InterruptedException e) {
        throw destination.interrupted();
      }
    }
  }

  /** One attempt; when it fails, nothing stays open. */
  private SocketConnection connect(Home home, Countdown deadline)
      throws IOException, InterruptedException {
    SocketConnection connection = register(home, destination.connect(deadline));
    boolean complete = false;
    try {
      handshake.run(connection, deadline);
      complete = true;
      return connection;
    } catch (SocketTimeoutException e) {
      throw destination.failed("no answer", e);
    } catch (ProxyRefusedException e) {
      throw destination.failed("" + e.getMessage(), e);
    } finally {
      if (!complete) {
        connection.abort();
      }
    }
  }

  /** Makes a connection of a channel; when it fails, the channel is closed. */
  private static SocketConnection register(Home home, SocketChannel channel) throws IOException {
    boolean complete = false;
    try {
      var connection = SocketConnection.registerOutbound(home, channel);
      complete = true;
      return connection;
    } finally {
      if (!complete) {
        channel.close();
      }
    }
  }

  /**
   * Returns {@code HOST:PORT}, with a literal IPv6 address in brackets, or {@code unix:PATH}, which
   * {@link #parse} reads; with {@code via PROXY} behind it where there is one.
   */
  @Override
  public String toString() {
    return destination.toString();
  }
}
