package io.plainweave.text;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.regex.Pattern;

/** How addresses are shown. */
public final class Addresses {
  /**
   * The longest run of zero groups, the first of them if several are as long: what RFC 5952 writes
   * as "::".
   */
  private static final Pattern ZEROS =
      Pattern.compile("((?:(?:^|:)0+\\b){2,}):?(?!\\S*\\b\\1:0+\\b)(\\S*)");

  /** Why an address of IPv6 is of no use in a JVM that has none. */
  public static final String NO_IPV6 =
      "there is no IPv6 here, or java.net.preferIPv4Stack switches it off";

  private Addresses() {}

  /** {@code HOST:PORT}, with a literal IPv6 address in brackets. */
  public static String format(String host, int port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /**
   * {@code ADDRESS:PORT}, with IPv6 in brackets (RFC 5952, section 6); never a name, which could
   * cost a look-up. {@code unix:PATH} for a Unix-domain socket, in one line: a path may have any
   * character in it, and a client, or the header of a proxy, may have chosen it.
   */
  public static String format(SocketAddress any) {
    return switch (any) {
      case InetSocketAddress inet -> format(inet);
      case UnixDomainSocketAddress unix -> "unix:" + (isUnnamed(unix) ? "(unnamed)" : shown(unix));
      default -> shown(any);
    };
  }

  private static String shown(SocketAddress address) {
    return OneLine.of(address.toString());
  }

  private static String format(InetSocketAddress address) {
    return format(format(address.getAddress()), address.getPort());
  }

  /** An address without a port; IPv6 in its shortest form (RFC 5952, section 4). */
  public static String format(InetAddress address) {
    String host = address.getHostAddress();
    return address instanceof Inet6Address ? ZEROS.matcher(host).replaceFirst("::$2") : host;
  }

  /** Whether it is that of a Unix-domain client, which as a rule has no path of its own. */
  static boolean isUnnamed(SocketAddress address) {
    return address instanceof UnixDomainSocketAddress unix && unix.getPath().toString().isEmpty();
  }

  /**
   * Names a connection by its number and its peer, or its listener if the peer has no address:
   * {@code connection 17 from ADDRESS:PORT}.
   */
  public static String describe(
      long id, SocketAddress local, SocketAddress remote, boolean outbound) {
    String place =
        isUnnamed(remote)
            ? " at " + format(local)
            : (outbound ? " to " : " from ") + format(remote);
    return "connection " + id + place;
  }
}
