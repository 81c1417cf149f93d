package io.plainweave.text;

import org.jspecify.annotations.Nullable;

/**
 * A place in the network as people write it.
 *
 * @param host a name or a literal address, without brackets; null for every address
 * @param port from 0 to 65535
 */
public record HostPort(@Nullable String host, int port) {
  /** Checks the port. */
  public HostPort {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("a port is from 0 to 65535: " + port);
    }
  }

  /**
   * Reads {@code PORT}, {@code *:PORT}, {@code HOST:PORT} or {@code [IPv6]:PORT}.
   *
   * @throws IllegalArgumentException if the text is none of these, with the text in the message
   */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "*" : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "an IPv6 address goes into brackets, as in [::1]:7000: " + text);
    }
    if (host.isBlank()) {
      throw new IllegalArgumentException("the host is empty: " + text);
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      return new HostPort(host.equals("*") ? null : host, port);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a port, HOST:PORT or [IPv6]:PORT: " + text, e);
    }
  }
}
