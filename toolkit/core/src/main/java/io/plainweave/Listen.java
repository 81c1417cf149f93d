package io.plainweave;

import io.plainweave.kernel.SocketPath;
import io.plainweave.text.Addresses;
import io.plainweave.tls.ServerTls;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where a server listens: a description, not yet a socket. */
public sealed interface Listen {

  /**
   * Listens for TCP connections on every address of this machine, IPv4 and IPv6, with one socket.
   * Where there is no IPv6, or Java was started with {@code -Djava.net.preferIPv4Stack=true}, it is
   * IPv4 alone.
   *
   * @param port from 1 to 65535, or 0 for one that is free
   * @return the description
   * @throws IllegalArgumentException if the port is out of range
   */
  static Tcp tcp(int port) {
    return Tcp.at(null, port);
  }

  /**
   * Listens for TCP connections on one address of this machine, or on all addresses of a name:
   * {@code localhost} is 127.0.0.1 and ::1 where both are known by that name. Each address has a
   * socket of its own, and all of them have the same port; if one cannot be bound, none is.
   *
   * <p>{@code 0.0.0.0} stands for every IPv4 address and for no other. {@code ::} stands for every
   * address of both kinds, as {@link #tcp(int)}: for IPv6 alone the kernel would have to be asked
   * (IPV6_V6ONLY, ipv6(7)), which Java cannot.
   *
   * @param host a name or a literal address, IPv4 or IPv6
   * @param port from 1 to 65535, or 0 for one that is free
   * @return the description
   * @throws IllegalArgumentException if the port is out of range or the host is empty
   */
  static Tcp tcp(String host, int port) {
    return Tcp.at(Objects.requireNonNull(host, "host"), port);
  }

  /**
   * Listens for connections from processes of this machine, on a Unix-domain socket (unix(7)) at a
   * path. Only the user of this process may connect, until {@link Unix#permissions(String)} says
   * otherwise.
   *
   * <p>While the server listens, there is a socket at the path. It appears with its permissions,
   * and is removed when the listener closes, unless somebody has put another file there. What a
   * server has left that was killed is replaced: a socket that refuses a connection. A server that
   * finds anything else there does not start, and leaves it as it is: a socket whose server
   * answers, which sees a connection without a byte, or a file of another kind.
   *
   * <p>The socket is made in a folder of its own beside the path, and linked to it. So the server
   * needs permission to make files there, and ss(8) and getpeername(2) show the name in that
   * folder. Abstract names, which are no files, are beyond Java.
   *
   * @param path of at most 106 bytes, in a folder whose own has at most 98; a relative one begins
   *     at the working directory of the process
   * @return the description
   * @throws IllegalArgumentException if the path is longer, empty, or none of the default file
   *     system
   */
  static Unix unix(Path path) {
    return new Unix(
        path,
        Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE),
        0,
        null,
        null,
        null);
  }

  /**
   * Listens on the socket that is this process's standard input, TCP or Unix-domain: another
   * process has bound it, listens, and starts this one when somebody connects. systemd(1) does so
   * for a service with {@code StandardInput=socket} and a socket unit with {@code Accept=no}, and
   * inetd(8) with {@code wait}. Set {@code StandardOutput=journal} as well, or what is printed goes
   * nowhere. Its options, backlog and permissions are those with which it was made.
   *
   * <p>The server ends without closing that socket: connections that come later wait for the next
   * process that has it, a child with our standard input among them. Java takes no other: what is
   * left of {@code LISTEN_FDS} is told in the log, with the way out. To replace a server without a
   * gap, {@link Tcp#reusePort(boolean)} serves as well.
   *
   * @return the description
   */
  static Inherited inherited() {
    return new Inherited(0, null, null, null);
  }

  /**
   * Reads a description as people write it, and as {@code toString} returns it: {@code PORT} or
   * {@code *:PORT}, {@code HOST:PORT}, {@code [IPv6]:PORT}, {@code unix:PATH} or {@code inherited}.
   *
   * @param text for example {@code 7000}, {@code [::1]:7000} or {@code unix:/run/app.sock}
   * @return the description
   * @throws IllegalArgumentException if the text is none of these, or {@link #unix} does not take
   *     the path; the message says what is wrong, with the text or the path in it
   */
  static Listen parse(String text) {
    return ListenText.parse(text);
  }

  /**
   * {@return how many connections may be open at a time; zero for the limit of the server alone}
   */
  int maxConnections();

  /**
   * Returns this description with another {@link #maxConnections()}. What becomes of connections
   * beyond it, the {@linkplain AdmissionRules#whenFull() rules of admission} say.
   *
   * @param maxConnections the limit, or zero for none
   * @return the description
   * @throws IllegalArgumentException if it is negative
   */
  Listen maxConnections(int maxConnections);

  /**
   * Returns from whom a PROXY header comes, before all else.
   *
   * @return null unless set: from nobody
   */
  @Nullable ProxyProtocol proxyProtocol();

  /**
   * Returns this description for a listener behind a proxy that sends the PROXY protocol.
   *
   * @param proxyProtocol from whom a header comes
   * @return the description
   */
  Listen proxyProtocol(ProxyProtocol proxyProtocol);

  /**
   * Returns how the server speaks TLS, before the handler begins.
   *
   * @return null unless set: all is in plain
   */
  @Nullable ServerTls tls();

  /**
   * Returns this description for connections by TLS: the handler has a connection once the
   * handshake is done, within {@link TimeLimits#handshake()}.
   *
   * @param tls how the server speaks it
   * @return the description
   */
  Listen tls(ServerTls tls);

  /**
   * Returns how long the connections of this listener may take for what.
   *
   * @return null unless set: the limits of the server apply
   */
  @Nullable TimeLimits timeLimits();

  /**
   * Returns this description with time limits of its own, in place of those of the server ({@link
   * io.plainweave.server.ServerBuilder#timeLimits}), for the connections that are accepted here;
   * what their handlers open has those of the server.
   *
   * @param timeLimits all of them
   * @return the description
   */
  Listen timeLimits(TimeLimits timeLimits);

  /**
   * A TCP listener, with the largest backlog that the kernel allows ({@code net.core.somaxconn} on
   * Linux).
   *
   * @param host a name or a literal address; null for every address of this machine
   * @param port from 1 to 65535, or 0 for one that is free
   * @param reusePort whether other sockets may listen on the same port, each with its share of the
   *     connections (SO_REUSEPORT, socket(7)); all of them must ask for it
   * @param acceptors how many threads accept at each address, from one socket; default 1
   * @param options of the socket and of the accepted ones; default those of the system
   * @param rebindFor how long the server tries to bind the listener again if it was destroyed from
   *     outside ({@code ss -K}), with growing pauses up to 1 s; when that time is over, or at once
   *     if it is zero, it gives up and drains. Default 30 s
   * @param maxConnections open at a time, besides the limit of the server; default 0: no limit
   * @param proxyProtocol from whom a PROXY header comes; default null: from nobody
   * @param tls how TLS is spoken; default null: all is in plain
   * @param timeLimits of its connections; default null: those of the server
   */
  record Tcp(
      @Nullable String host,
      int port,
      boolean reusePort,
      int acceptors,
      TcpOptions options,
      Duration rebindFor,
      int maxConnections,
      @Nullable ProxyProtocol proxyProtocol,
      @Nullable ServerTls tls,
      @Nullable TimeLimits timeLimits)
      implements Listen {
    private static final Duration REBIND_FOR = Duration.ofSeconds(30);

    /** Checks the values. */
    public Tcp {
      if (port < 0 || port > 65_535) {
        throw new IllegalArgumentException("a port is from 0 to 65535: " + port);
      }
      if (host != null && host.isBlank()) {
        throw new IllegalArgumentException("the host is empty: '" + host + "'");
      }
      if (acceptors < 1) {
        throw new IllegalArgumentException("acceptors must be at least 1: " + acceptors);
      }
      Objects.requireNonNull(options, "options");
      if (rebindFor.isNegative()) {
        throw new IllegalArgumentException("rebindFor must not be negative: " + rebindFor);
      }
      ListenEdit.checkMaxConnections(maxConnections);
    }

    static Tcp at(@Nullable String host, int port) {
      return new Tcp(host, port, false, 1, TcpOptions.DEFAULT, REBIND_FOR, 0, null, null, null);
    }

    /**
     * Returns this description with another setting of {@link #reusePort()}.
     *
     * @param reusePort whether other sockets may listen on the same port
     * @return the description
     */
    public Tcp reusePort(boolean reusePort) {
      return edit(edit -> edit.reusePort = reusePort);
    }

    /**
     * Returns this description with another number of {@link #acceptors()}. One accepts as fast as
     * a core can; several are for machines with many cores and clients that come and go. The next
     * connection is for the first of them that has nothing else to do.
     *
     * @param acceptors at least 1
     * @return the description
     * @throws IllegalArgumentException if it is less than 1
     */
    public Tcp acceptors(int acceptors) {
      return edit(edit -> edit.acceptors = acceptors);
    }

    /**
     * Returns this description with other {@link #options()}.
     *
     * @param options of the socket and of the accepted ones
     * @return the description
     */
    public Tcp options(TcpOptions options) {
      return edit(edit -> edit.options = options);
    }

    /**
     * Returns this description with another {@link #rebindFor()}.
     *
     * @param rebindFor not negative; zero gives up at once
     * @return the description
     * @throws IllegalArgumentException if it is negative
     */
    public Tcp rebindFor(Duration rebindFor) {
      return edit(edit -> edit.rebindFor = rebindFor);
    }

    @Override
    public Tcp maxConnections(int maxConnections) {
      return edit(edit -> edit.maxConnections = maxConnections);
    }

    @Override
    public Tcp proxyProtocol(ProxyProtocol proxyProtocol) {
      return edit(
          edit -> edit.proxyProtocol = Objects.requireNonNull(proxyProtocol, "proxyProtocol"));
    }

    @Override
    public Tcp tls(ServerTls tls) {
      return edit(edit -> edit.tls = Objects.requireNonNull(tls, "tls"));
    }

    @Override
    public Tcp timeLimits(TimeLimits timeLimits) {
      return edit(edit -> edit.timeLimits = Objects.requireNonNull(timeLimits, "timeLimits"));
    }

    private Tcp edit(Consumer<ListenEdit.OfTcp> change) {
      var edit = new ListenEdit.OfTcp(this);
      change.accept(edit);
      return edit.changed();
    }

    /** Returns {@code HOST:PORT}, with {@code *} for every address. */
    @Override
    public String toString() {
      return Addresses.format(host == null ? "*" : host, port);
    }
  }

  /**
   * A Unix-domain listener, with the largest backlog that the kernel allows ({@code
   * net.core.somaxconn} on Linux).
   *
   * @param path where the socket is
   * @param permissions of the socket; who may write may connect, if the folders on the way can be
   *     entered
   * @param maxConnections open at a time, besides the limit of the server; default 0: no limit
   * @param proxyProtocol from whom a PROXY header comes; default null: from nobody
   * @param tls how TLS is spoken; default null: all is in plain
   * @param timeLimits of its connections; default null: those of the server
   */
  record Unix(
      Path path,
      Set<PosixFilePermission> permissions,
      int maxConnections,
      @Nullable ProxyProtocol proxyProtocol,
      @Nullable ServerTls tls,
      @Nullable TimeLimits timeLimits)
      implements Listen {
    /** Checks the values. */
    public Unix {
      SocketPath.ownAddress(path);
      permissions = Set.copyOf(permissions);
      ListenEdit.checkMaxConnections(maxConnections);
    }

    /**
     * Returns this description with other permissions. The umask of the process takes nothing from
     * them. The group is that of the process, or of the folder if that has the set-group-ID bit
     * (inode(7)).
     *
     * @param permissions for owner, group and others, as ls(1) shows them: {@code rw-rw----} lets
     *     the group connect, too
     * @return the description
     * @throws IllegalArgumentException if the text is none of that kind
     */
    public Unix permissions(String permissions) {
      try {
        Set<PosixFilePermission> parsed = PosixFilePermissions.fromString(permissions);
        return edit(edit -> edit.permissions = parsed);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "permissions are written as in rw-rw----: " + permissions, e);
      }
    }

    @Override
    public Unix maxConnections(int maxConnections) {
      return edit(edit -> edit.maxConnections = maxConnections);
    }

    @Override
    public Unix proxyProtocol(ProxyProtocol proxyProtocol) {
      return edit(
          edit -> edit.proxyProtocol = Objects.requireNonNull(proxyProtocol, "proxyProtocol"));
    }

    @Override
    public Unix tls(ServerTls tls) {
      return edit(edit -> edit.tls = Objects.requireNonNull(tls, "tls"));
    }

    @Override
    public Unix timeLimits(TimeLimits timeLimits) {
      return edit(edit -> edit.timeLimits = Objects.requireNonNull(timeLimits, "timeLimits"));
    }

    private Unix edit(Consumer<ListenEdit.OfUnix> change) {
      var edit = new ListenEdit.OfUnix(this);
      change.accept(edit);
      return edit.changed();
    }

    /**
     * Returns the address of the path.
     *
     * @return the address
     */
    public UnixDomainSocketAddress socketAddress() {
      return SocketPath.address(path);
    }

    /** Returns {@code unix:PATH}. */
    @Override
    public String toString() {
      return Addresses.format(socketAddress());
    }
  }

  /**
   * The socket that this process has inherited as its standard input.
   *
   * @param maxConnections open at a time, besides the limit of the server; default 0: no limit
   * @param proxyProtocol from whom a PROXY header comes; default null: from nobody
   * @param tls how TLS is spoken; default null: all is in plain
   * @param timeLimits of its connections; default null: those of the server
   */
  record Inherited(
      int maxConnections,
      @Nullable ProxyProtocol proxyProtocol,
      @Nullable ServerTls tls,
      @Nullable TimeLimits timeLimits)
      implements Listen {
    /** Checks the values. */
    public Inherited {
      ListenEdit.checkMaxConnections(maxConnections);
    }

    @Override
    public Inherited maxConnections(int maxConnections) {
      return edit(edit -> edit.maxConnections = maxConnections);
    }

    @Override
    public Inherited proxyProtocol(ProxyProtocol proxyProtocol) {
      return edit(
          edit -> edit.proxyProtocol = Objects.requireNonNull(proxyProtocol, "proxyProtocol"));
    }

    @Override
    public Inherited tls(ServerTls tls) {
      return edit(edit -> edit.tls = Objects.requireNonNull(tls, "tls"));
    }

    @Override
    public Inherited timeLimits(TimeLimits timeLimits) {
      return edit(edit -> edit.timeLimits = Objects.requireNonNull(timeLimits, "timeLimits"));
    }

    private Inherited edit(Consumer<ListenEdit.OfInherited> change) {
      var edit = new ListenEdit.OfInherited(this);
      change.accept(edit);
      return edit.changed();
    }

    /** Returns {@code inherited}. */
    @Override
    public String toString() {
      return "inherited";
    }
  }
}
