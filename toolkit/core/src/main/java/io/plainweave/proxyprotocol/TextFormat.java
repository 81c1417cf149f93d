package io.plainweave.proxyprotocol;

import io.plainweave.proxyprotocol.ProxyHeader.Command;
import io.plainweave.proxyprotocol.ProxyHeader.Endpoints;
import io.plainweave.proxyprotocol.ProxyHeader.SocketType;
import io.plainweave.proxyprotocol.ProxyHeader.Version;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Version 1: a line of US-ASCII (section 2.1 of the specification).
 *
 * <p>By the specification the two addresses are of the family that the line names, without a zone.
 * Proxies write more than that, and their clients would be lost if it were refused. The family is
 * that of the client; the other address is that at which the proxy was reached by the proxy in
 * front of it, of whichever family, or even a path (nginx with its module realip). And an address
 * of a link has its zone (stunnel, hitch).
 */
final class TextFormat {
  static final byte[] PREFIX = "PROXY ".getBytes(StandardCharsets.US_ASCII);

  /** With its end. */
  static final int LONGEST = 107;

  private static final String UNKNOWN = "PROXY UNKNOWN";

  private static final String OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  private static final String IPV4 = OCTET + "(?:\\." + OCTET + "){3}";

  /**
   * What may be an IPv6 address, with the last 32 bits as IPv4 perhaps (RFC 4291, section 2.2), as
   * inet_ntop(3) writes those that stand for IPv4. Whether it is one, the JDK decides.
   */
  private static final String IPV6 =
      "(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{0,4}|:|" + IPV4 + ")";

  /** An address, and the zone in which it has a meaning: that of the proxy, not ours. */
  private static final Pattern ADDRESS =
      Pattern.compile("(" + IPV4 + "|" + IPV6 + ")(?:%[!-~]{1,15})?");

  /** The beginning of what nginx writes for a path. */
  private static final String PATH = "unix:";

  private static final Pattern PORT = Pattern.compile("0|[1-9]\\d{0,4}");

  private TextFormat() {}

  /**
   * Whether the line has its end.
   *
   * @throws IllegalArgumentException if it ends in another way, or is too long
   */
  static boolean isComplete(byte[] bytes, int size) {
    for (int i = PREFIX.length; i < size; i++) {
      if (bytes[i] == '\n') {
        if (bytes[i - 1] != '\r') {
          throw new IllegalArgumentException("the line does not end with CR LF");
        }
        if (i + 1 < size) {
          throw new IllegalArgumentException("the line is too short");
        }
        return true;
      }
      if (bytes[i] == '\r' && i + 1 < size && bytes[i + 1] != '\n') {
        throw new IllegalArgumentException("there is a CR in the line");
      }
    }
    if (size >= LONGEST) {
      throw new IllegalArgumentException("the line is longer than " + LONGEST + " bytes");
    }
    return false;
  }

  /**
   * Reads a complete line.
   *
   * @throws IllegalArgumentException if it is no header
   */
  static ProxyHeader decode(byte[] bytes, int size) {
    // In this charset a byte that is not ASCII stays one that is in none of the patterns.
    String line = new String(bytes, 0, size - 2, StandardCharsets.ISO_8859_1);
    if (line.equals(UNKNOWN) || line.startsWith(UNKNOWN + ' ')) {
      return header(null);
    }
    String[] words = line.split(" ", -1);
    if (!words[1].equals("TCP4") && !words[1].equals("TCP6")) {
      throw new IllegalArgumentException("it is for neither TCP4 nor TCP6");
    }
    if (words.length != 6) {
      throw new IllegalArgumentException("it does not have two addresses and two ports");
    }
    InetAddress source = address(words[2]);
    InetAddress destination = words[3].startsWith(PATH) ? unspecified(source) : address(words[3]);
    return header(
        new Endpoints(
            SocketType.STREAM,
            new InetSocketAddress(source, port(words[4])),
            new InetSocketAddress(destination, port(words[5]))));
  }

  private static ProxyHeader header(@Nullable Endpoints endpoints) {
    return new ProxyHeader(Version.V1, Command.PROXY, endpoints, List.of(), false);
  }

  private static InetAddress address(String text) {
    Matcher address = ADDRESS.matcher(text);
    if (!address.matches()) {
      throw new IllegalArgumentException("there is no such address as " + quote(text));
    }
    return InetAddress.ofLiteral(address.group(1));
  }

  /** The address that says nothing, of the same family. */
  private static InetAddress unspecified(InetAddress other) {
    return InetAddress.ofLiteral(other instanceof Inet4Address ? "0.0.0.0" : "::");
  }

  private static int port(String text) {
    int port = PORT.matcher(text).matches() ? Integer.parseInt(text) : Integer.MAX_VALUE;
    if (port > 0xFFFF) {
      throw new IllegalArgumentException("there is no such port as " + quote(text));
    }
    return port;
  }

  private static String quote(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return Escape.quote(bytes, bytes.length);
  }

  static byte[] encode(ProxyHeader header) {
    Endpoints endpoints = header.endpoints();
    String line = UNKNOWN;
    if (endpoints != null) {
      var source = (InetSocketAddress) endpoints.source();
      var destination = (InetSocketAddress) endpoints.destination();
      boolean ipv4 =
          source.getAddress() instanceof Inet4Address
              && destination.getAddress() instanceof Inet4Address;
      line =
          new StringJoiner(" ", "PROXY ", "")
              .add(ipv4 ? "TCP4" : "TCP6")
              .add(ipv4 ? source.getAddress().getHostAddress() : inet6(source.getAddress()))
              .add(
                  ipv4
                      ? destination.getAddress().getHostAddress()
                      : inet6(destination.getAddress()))
              .add(Integer.toString(source.getPort()))
              .add(Integer.toString(destination.getPort()))
              .toString();
    }
    return (line + "\r\n").getBytes(StandardCharsets.US_ASCII);
  }

  /** Eight groups, without the zone that an address of this machine may have. */
  private static String inet6(InetAddress address) {
    var groups = ByteBuffer.wrap(BinaryFormat.inet6(address)).asShortBuffer();
    var text = new StringJoiner(":");
    while (groups.hasRemaining()) {
      text.add(Integer.toHexString(groups.get() & 0xFFFF));
    }
    return text.toString();
  }
}
