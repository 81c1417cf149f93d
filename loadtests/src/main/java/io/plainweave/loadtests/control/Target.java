package io.plainweave.loadtests.control;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a client connects to.
 *
 * @param host a name or an address
 * @param port a TCP port
 */
public record Target(String host, int port) {
  private static final Pattern TARGET =
      Pattern.compile(
          "(\\[(?<address>[0-9A-Fa-f:.%\\w]+)]|(?<name>[^\\s:/\\[\\]]+)):(?<port>\\d{1,5})");

  /**
   * Reads a target as people write it.
   *
   * @throws IllegalArgumentException if it is none; the message is a sentence with the text in it
   */
  public static Target parse(String text) {
    Matcher matcher = TARGET.matcher(text);
    if (matcher.matches()) {
      int port = Integer.parseInt(matcher.group("port"));
      String host =
          matcher.group("address") == null ? matcher.group("name") : matcher.group("address");
      if (port >= 1 && port <= 65_535) {
        return new Target(host, port);
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is not HOST:PORT, such as server:7000 or [::1]:7000");
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
