package io.plainweave;

import io.plainweave.proxyprotocol.ProxyProtocol;
import io.plainweave.text.HostPort;
import io.plainweave.tls.ServerTls;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where a server listens: a description, not yet a socket. */
public sealed interface Listen permits ListenKind {

  /**
   * Listens for TCP connections on every address of this machine, IPv4 and IPv6, with one socket.
   * Where there is no IPv6, or Java was started with {@code -Djava.net.preferIPv4Stack=true}, it is
   * IPv4 alone.
   *
   * @param port from 1 to 65535, or 0 for one that is free
   * @return the description
   * @throws IllegalArgumentException if the port is out of range
   */
  static TcpListen tcp(int port) {
    return new TcpListen(
        null,
        port,
        false,
        1,
        TcpOptions.DEFAULT,
        TcpListen.REBIND_FOR,
        ListenKind.Settings.DEFAULT);
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
  static TcpListen tcp(String host, int port) {
    Objects.requireNonNull(host, "host");
    return new TcpListen(
        host,
        port,
        false,
        1,
        TcpOptions.DEFAULT,
        TcpListen.REBIND_FOR,
        ListenKind.Settings.DEFAULT);
  }

  /**
   * Listens for connections from processes of this machine, on a Unix-domain socket (unix(7)) at a
   * path. Only the user of this process may connect, until {@link UnixListen#permissions(String)}
   * says otherwise.
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
  static UnixListen unix(Path path) {
    return new UnixListen(
        path,
        Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE),
        ListenKind.Settings.DEFAULT);
  }

  /**
   * Listens on the socket that is this process's standard input, TCP or Unix-domain: another
   * process has bound it, listens, and starts this one when somebody connects. systemd(1) does so
   * for a service with {@code StandardInput=socket} and a socket unit with {@code Accept=no}, and
   * inetd(8) with {@code wait}. Set {@code StandardOutput=journal} as well, or what is printed goes
   * nowhere. Its options, backlog and permissions are those with which it was made.
   *
   * <p>The server ends without closing that socket: connections that come later wait for the next
   * process that has it, a child with our standard input among them. Java takes no other: the log
   * names what is left of {@code LISTEN_FDS}, and the way out. To replace a server without a gap,
   * {@link TcpListen#reusePort(boolean)} serves as well.
   *
   * @return the description
   */
  static InheritedListen inherited() {
    return new InheritedListen(ListenKind.Settings.DEFAULT);
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
    String unix = "unix:";
    if (text.startsWith(unix)) {
      return unix(Path.of(text.substring(unix.length())));
    }
    if (text.equals("inherited")) {
      return inherited();
    }
    HostPort place = HostPort.parse(text);
    String host = place.host();
    return host == null ? tcp(place.port()) : tcp(host, place.port());
  }

  /**
   * Returns this place with the settings of another description, as far as it can have them: all
   * that this interface names, and those of its kind if the other is of the same. So a
   * configuration names the place and the program the settings.
   *
   * {@snippet file="io/plainweave/server/ListenTest.java" region="like"}
   *
   * @param settings the description that has the settings
   * @return the description
   */
  Listen like(Listen settings);

  /**
   * Returns how the listener is called in the log, in {@link io.plainweave.event.ListenerStatus}
   * and in thread dumps.
   *
   * @return null unless set: its address stands for it
   */
  @Nullable String name();

  /**
   * Returns this description with another {@link #name()}.
   *
   * @param name not blank
   * @return the description
   * @throws IllegalArgumentException if it is blank
   */
  Listen name(String name);

  /** {@return whether it is for the server's own administration; default false} */
  boolean admin();

  /**
   * Returns this description for a listener through which the server is looked after: health,
   * metrics, commands. It stands apart from the service that the others give:
   *
   * <ul>
   *   <li>It accepts through the drain, and while the server is {@linkplain
   *       io.plainweave.server.Server#suspend() suspended}. When the last connection of the service
   *       has ended, it is closed and its own connections are drained; then the server ends. What
   *       cancels the server cancels these, too.
   *   <li>No limit or rate of the {@link io.plainweave.admission.AdmissionRules} applies to its
   *       connections, nor are they counted, in the report of the drain and by {@link
   *       io.plainweave.server.Server#connections()}. {@link #maxConnections(int)} alone bounds
   *       them: set it, since their descriptors come from what the service leaves. The networks
   *       that are allowed and denied are those of the server.
   * </ul>
   *
   * {@snippet file="io/plainweave/server/AdminTest.java" region="admin"}
   *
   * @param admin whether it is for administration
   * @return the description
   */
  Listen admin(boolean admin);

  /**
   * {@return how many connections may be open at a time; zero for the limit of the server alone}
   */
  int maxConnections();

  /**
   * Returns this description with another {@link #maxConnections()}. What becomes of connections
   * beyond it, the {@linkplain io.plainweave.admission.AdmissionRules#whenFull() rules of
   * admission} say.
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
}
