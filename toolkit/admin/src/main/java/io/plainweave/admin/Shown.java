package io.plainweave.admin;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;

/** How things are written for people and programs. */
final class Shown {
  /** The longest run of zero groups, the first if several are as long: "::" in RFC 5952. */
  private static final Pattern ZEROS =
      Pattern.compile("((?:(?:^|:)0+\\b){2,}):?(?!\\S*\\b\\1:0+\\b)(\\S*)");

  private static final Pattern UNSEEN = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]");

  private Shown() {}

  /** {@code ADDRESS:PORT}, {@code [IPv6]:PORT} or {@code unix:PATH}, as in the log. */
  static String address(SocketAddress any) {
    return switch (any) {
      case InetSocketAddress inet -> address(inet);
      case UnixDomainSocketAddress unix -> {
        String path = unix.getPath().toString();
        yield "unix:" + (path.isEmpty() ? "(unnamed)" : oneLine(path));
      }
      default -> oneLine(any.toString());
    };
  }

  private static String address(InetSocketAddress inet) {
    InetAddress address = inet.getAddress();
    String host = address == null ? inet.getHostString() : address.getHostAddress();
    if (address instanceof Inet6Address) {
      host = "[" + ZEROS.matcher(host).replaceFirst("::$2") + "]";
    }
    return host + ":" + inet.getPort();
  }

  /** Without what a terminal obeys, or what ends a line. */
  static String oneLine(String text) {
    return UNSEEN.matcher(text).replaceAll("?");
  }

  /** For example {@code waiting_in_message}. */
  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** The same of a class, for example {@code peer_reset}. */
  static String word(Class<?> type) {
    return type.getSimpleName().replaceAll("(?<=.)(?=\\p{Upper})", "_").toLowerCase(Locale.ROOT);
  }

  /** For example {@code 4.5 s}. */
  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }
}
