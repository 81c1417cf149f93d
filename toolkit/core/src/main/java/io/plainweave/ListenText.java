package io.plainweave;

/** A description as people write it: see {@link Listen#parse}. */
final class ListenText {
  private ListenText() {}

  static Listen.Tcp parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? null : text.substring(0, colon);
    if (host != null && host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host != null && host.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "an IPv6 address goes into brackets, as in [::1]:7000: " + text);
    }
    if (host != null && host.isBlank()) {
      throw new IllegalArgumentException("the host is empty: " + text);
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      return host == null ? Listen.tcp(port) : Listen.tcp(host, port);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a port, HOST:PORT or [IPv6]:PORT: " + text, e);
    }
  }
}
