package io.plainweave.client;

import io.plainweave.internal.connection.HandshakeStep;
import io.plainweave.text.Addresses;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A proxy through which a {@link Connector} reaches what this machine cannot reach itself, or is
 * not to:
 *
 * {@snippet file="io/plainweave/client/ProxyServerTest.java" region="via"}
 *
 * <p>It is a description, of which one object serves any number of connectors. The proxy looks up
 * the name of the destination, not this machine. What goes through it, the proxy can read and
 * change, unless it is TLS. Many proxies end both directions when one side has finished its output:
 * of those that were tried Dante keeps a half-close, microsocks and tinyproxy do not.
 */
public final class ProxyServer {
  private static final int LONGEST_CREDENTIAL = 255;

  private enum Kind {
    SOCKS("socks5"),
    HTTP("http");

    private final String scheme;

    Kind(String scheme) {
      this.scheme = scheme;
    }
  }

  /** What the proxy wants to know of who connects. */
  record Credentials(String user, String password) {}

  private final Kind kind;
  private final String host;
  private final int port;
  private final @Nullable Credentials credentials;

  private ProxyServer(Kind kind, String host, int port, @Nullable Credentials credentials) {
    this.kind = kind;
    this.host = host;
    this.port = port;
    this.credentials = credentials;
  }

  /**
   * Describes a proxy that speaks SOCKS, version 5 (RFC 1928).
   *
   * @param host a name or a literal address, IPv4 or IPv6, of the proxy
   * @param port from 1 to 65535; 1080 as a rule
   * @return the description
   * @throws IllegalArgumentException if the port is out of range or the host is empty
   */
  public static ProxyServer socks(String host, int port) {
    Destination.check(host, port);
    return new ProxyServer(Kind.SOCKS, host, port, null);
  }

  /**
   * Describes a proxy that speaks HTTP and lets tunnels through (CONNECT, RFC 9110, section 9.3.6).
   * Many allow that to port 443 only.
   *
   * @param host a name or a literal address, IPv4 or IPv6, of the proxy
   * @param port from 1 to 65535
   * @return the description
   * @throws IllegalArgumentException if the port is out of range or the host is empty
   */
  public static ProxyServer http(String host, int port) {
    Destination.check(host, port);
    return new ProxyServer(Kind.HTTP, host, port, null);
  }

  /**
   * Returns this description with a name and a password, which the proxy gets in plain if it asks
   * for them: as in RFC 1929 for SOCKS, and by the Basic scheme (RFC 7617) for HTTP, where they are
   * sent unasked. No message or log shows them.
   *
   * @param user from 1 to 255 bytes in UTF-8; for HTTP without a colon
   * @param password from 1 to 255 bytes in UTF-8
   * @return the description
   * @throws IllegalArgumentException if one of them is shorter or longer, or the name has a colon
   *     and the proxy speaks HTTP; the message has none of them
   */
  public ProxyServer credentials(String user, String password) {
    check("user", user);
    check("password", password);
    if (kind == Kind.HTTP && user.indexOf(':') >= 0) {
      throw new IllegalArgumentException("the user of an HTTP proxy has a colon in its name");
    }
    return new ProxyServer(kind, host, port, new Credentials(user, password));
  }

  private static void check(String name, String value) {
    int length = value.getBytes(StandardCharsets.UTF_8).length;
    if (length < 1 || length > LONGEST_CREDENTIAL) {
      throw new IllegalArgumentException(
          "the %s has from 1 to %d bytes: %d".formatted(name, LONGEST_CREDENTIAL, length));
    }
  }

  String host() {
    return host;
  }

  int port() {
    return port;
  }

  /**
   * What a connection to the proxy begins with, so that it becomes one to that destination.
   *
   * @throws IllegalArgumentException if that cannot be told to a proxy
   */
  HandshakeStep to(String destination, int destinationPort) {
    // What ends a line would let the name say more to the proxy than where to connect.
    if (destination.length() > LONGEST_CREDENTIAL
        || destination.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IllegalArgumentException(
          "a proxy takes a host of up to 255 printable ASCII characters: '" + destination + "'");
    }
    return switch (kind) {
      case SOCKS -> new SocksStep(destination, destinationPort, credentials);
      case HTTP -> new HttpConnectStep(destination, destinationPort, credentials);
    };
  }

  /** Returns {@code socks5://HOST:PORT} or {@code http://HOST:PORT}, without credentials. */
  @Override
  public String toString() {
    return kind.scheme + "://" + Addresses.format(host, port);
  }
}
