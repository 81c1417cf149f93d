package io.plainweave.admin;

import io.plainweave.InheritedListen;
import io.plainweave.Listen;
import io.plainweave.TcpListen;
import io.plainweave.TimeLimits;
import io.plainweave.UnixListen;
import io.plainweave.server.ServerBuilder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A listener of a server for those who look after it: with a browser, with curl, with the probes of
 * Kubernetes and with Prometheus.
 *
 * {@snippet file="io/plainweave/admin/AdminExampleTest.java" region="admin"}
 *
 * <p>It speaks HTTP/1.1:
 *
 * <table>
 *   <caption>What there is</caption>
 *   <tr><th>request</th><th>is</th></tr>
 *   <tr><td>{@code GET /}</td><td>a page for people: connections, rates, the slowest, where they
 *       wait</td></tr>
 *   <tr><td>{@code GET /live}</td><td>200, or 503 while virtual threads cannot run</td></tr>
 *   <tr><td>{@code GET /ready}</td><td>200, or 503 from the beginning of the drain on, its delay
 *       included, while the server is suspended, and while it is not live</td></tr>
 *   <tr><td>{@code GET /metrics}</td><td>for Prometheus, with the names of {@code
 *       plainweave-micrometer}</td></tr>
 *   <tr><td>{@code GET /status}</td><td>the same figures and more as JSON</td></tr>
 *   <tr><td>{@code GET /connections}</td><td>the open connections, as JSON with one in a line, or as
 *       a table ({@code format=text}). Parameters: {@code listener}, {@code network}, {@code state},
 *       {@code older-than}, {@code sort} ({@code age}, {@code bytes}, {@code in-state}; the first
 *       100), {@code limit}</td></tr>
 *   <tr><td>{@code GET /connections/ID}</td><td>one of them, with the stack of its handler</td></tr>
 *   <tr><td>{@code POST /connections/ID/end}, {@code /reset}</td><td>ends it; the body is the
 *       reason, for the log</td></tr>
 *   <tr><td>{@code GET /positions}</td><td>at which lines of code the handlers stand, of up to 256
 *       connections</td></tr>
 *   <tr><td>{@code GET /threads}</td><td>the tree of all threads of the process, as {@link
 *       io.plainweave.admin.threads.ThreadTree} prints it ({@code most}: how many of a scope one by
 *       one)</td></tr>
 *   <tr><td>{@code POST /drain}</td><td>begins the drain, which ends as {@link
 *       ServerBuilder#drainTimeout(Duration)} says</td></tr>
 * </table>
 *
 * <p><b>Life.</b> It is a {@linkplain Listen#admin(boolean) listener for administration}: it
 * answers through the drain and while the server is suspended, and ends with the server.
 *
 * <p><b>Live</b> says what can be known from within. An answer shows that the acceptor and a
 * handler have run just now. Beside that, the watchdog of the server tries each event loop, and the
 * scheduler of the JDK, several times a second: if one of them has not run any virtual thread for
 * 1.5 seconds, since handlers keep all threads that it may have ({@link
 * ServerBuilder#maxCarriers(int)}), the answer is 503 and names their lines. If the answer would
 * have to come from there, there is none: a probe has to take that for the same. It is about
 * threads alone, and not about what handlers wait for: a restart does not mend a database.
 *
 * <p><b>Who may ask.</b> Whoever reaches the address: there is no password. So it has to be a path
 * ({@link Listen#unix}), which is for the user of this process only, or of loopback; anything else
 * has to be asked for ({@link #anywhere}). Pages of other origins are kept out, which a browser of
 * this machine may show: the Host has to be an address, {@code localhost} or a known name, and what
 * a browser says of the origin ({@code Sec-Fetch-Site}, {@code Origin}) has to be this listener.
 * Only POST changes anything.
 *
 * <p><b>Limits.</b> At most 16 connections at a time, unless the description has another limit; a
 * head of 8 KiB, a body of 4 KiB, 5 seconds for a request, 30 seconds between two, and 20 seconds
 * without progress of an answer, unless the description has other {@linkplain Listen#timeLimits()
 * time limits}. The figures are looked up twice a second at most, however many ask.
 *
 * <p>It is immutable, and safe for use by several threads.
 */
public final class Admin {
  private static final int CONNECTIONS = 16;

  private static final TimeLimits LIMITS =
      TimeLimits.DEFAULT
          .message(Duration.ZERO) // reading has its own, and the answer may be long
          .idle(Duration.ofSeconds(30))
          .writeStall(Duration.ofSeconds(20));

  private final Listen listen;
  private final boolean anywhere;
  private final Set<String> names;

  private Admin(Listen listen, boolean anywhere, Set<String> names) {
    this.listen = listen;
    this.anywhere = anywhere;
    this.names = Set.copyOf(names);
  }

  /**
   * Describes the listener. Unless it has a name, it is called {@code admin}.
   *
   * @param listen where: a path, or an address of loopback
   * @return the description
   */
  public static Admin listen(Listen listen) {
    Listen named = listen.name() == null ? listen.name("admin") : listen;
    Listen limited = named.maxConnections() == 0 ? named.maxConnections(CONNECTIONS) : named;
    return new Admin(
        limited.timeLimits() == null ? limited.timeLimits(LIMITS) : limited,
        false,
        limited instanceof TcpListen tcp && tcp.host() != null ? lowerCase(tcp.host()) : Set.of());
  }

  /**
   * Returns this description for an address that other machines may reach, too: of a container,
   * whose probes come from outside. Whoever reaches it may see everything and drain the server: a
   * firewall has to say who that is, or {@linkplain Listen#tls(io.plainweave.tls.ServerTls) TLS}
   * with certificates of clients.
   *
   * @param names by which clients call it, as they stand in a Host, without a port; addresses are
   *     known anyhow
   * @return the description
   */
  public Admin anywhere(String... names) {
    Set<String> all = new HashSet<>(this.names);
    all.addAll(lowerCase(names));
    return new Admin(listen, true, all);
  }

  private static Set<String> lowerCase(String... names) {
    Set<String> all = new HashSet<>();
    for (String name : names) {
      all.add(name.toLowerCase(Locale.ROOT));
    }
    return all;
  }

  /**
   * Adds the listener to the servers of a builder. It is bound with the others, or the server does
   * not start.
   *
   * @param builder whose servers get it
   * @return the builder
   * @throws IllegalArgumentException if other machines may reach the place, or it cannot be told
   *     that they may not, and {@link #anywhere} was not asked for
   */
  public ServerBuilder addTo(ServerBuilder builder) {
    if (!anywhere && !isOfThisMachine(listen)) {
      throw new IllegalArgumentException(
          "an admin listener on "
              + listen
              + " may be reached by other machines: listen on 127.0.0.1, ::1 or a path, or ask for"
              + " it with anywhere()");
    }
    var liveness = new Liveness();
    var access = new Access(names);
    Dashboard dashboard = Dashboard.load();
    String name = String.valueOf(listen.name());
    return builder
        .observer(liveness)
        .admin(
            listen,
            server -> new AdminHandler(access, new Pages(server, name, liveness, dashboard)));
  }

  private static boolean isOfThisMachine(Listen listen) {
    return switch (listen) {
      case UnixListen _ -> true;
      case TcpListen tcp -> tcp.host() != null && isLoopback(tcp.host());
      case InheritedListen _ -> false; // nobody has said where it is
      default -> false;
    };
  }

  private static boolean isLoopback(String host) {
    try {
      return Stream.of(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
    } catch (UnknownHostException e) {
      return false; // it may be another one when it is bound
    }
  }

  /** Returns where it listens. */
  @Override
  public String toString() {
    return "admin listener on " + listen;
  }
}
