package io.plainweave.admission;

import io.plainweave.text.Addresses;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * A network: all addresses that begin with the same bits, written {@code 10.0.0.0/8} or {@code
 * 2001:db8::/32} (RFC 4632 and RFC 4291, section 2.3).
 *
 * <p>An IPv4 address is the same whether it is written as such or as an IPv6 address ({@code
 * ::ffff:10.0.0.1}, RFC 4291, section 2.5.5.2). The zone of a link-local address does not count. No
 * name is ever looked up.
 *
 * @param address the first address of the network
 * @param prefixLength how many bits all addresses have in common: up to 32 for IPv4, up to 128 for
 *     IPv6
 */
public record Network(InetAddress address, int prefixLength) {
  /** Four decimal numbers, none with a leading zero, which some programs take for octal. */
  private static final Pattern IPV4 =
      Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");

  /** Neither brackets nor a zone; what the rest must look like, the JDK knows. */
  private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]+");

  private static final Pattern PREFIX_LENGTH = Pattern.compile("0|[1-9][0-9]{0,2}");

  private static final int MAPPED_BYTES = 12;
  private static final int MAPPED_BITS = 8 * MAPPED_BYTES;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the prefix length is out of range, or the address is not
   *     the first of the network
   */
  public Network {
    byte[] bytes = bytes(address);
    if (prefixLength < 0 || prefixLength > 8 * bytes.length) {
      throw new IllegalArgumentException(
          "the prefix length of %s must be from 0 to %d: %d"
              .formatted(Addresses.format(address), 8 * bytes.length, prefixLength));
    }
    byte[] first = masked(bytes, prefixLength);
    address = ofBytes(first);
    if (!Arrays.equals(first, bytes)) {
      throw new IllegalArgumentException(
          "%s/%d has bits set beyond its prefix; its network is %s/%d"
              .formatted(
                  Addresses.format(ofBytes(bytes)),
                  prefixLength,
                  Addresses.format(address),
                  prefixLength));
    }
  }

  /**
   * Returns the network of a single address.
   *
   * @param address of either family
   * @return the network, with a prefix length of 32 or 128
   */
  public static Network of(InetAddress address) {
    return new Network(address, 8 * bytes(address).length);
  }

  /**
   * Returns the network of a given size in which an address is.
   *
   * @param address any address of the network
   * @param prefixLength how many bits all addresses have in common
   * @return the network
   * @throws IllegalArgumentException if the prefix length is out of range
   */
  public static Network of(InetAddress address, int prefixLength) {
    byte[] bytes = bytes(address);
    return prefixLength < 0 || prefixLength > 8 * bytes.length
        ? new Network(address, prefixLength)
        : new Network(ofBytes(masked(bytes, prefixLength)), prefixLength);
  }

  /**
   * Reads a network as people write it: {@code ADDRESS/PREFIX}, or {@code ADDRESS} for a network of
   * one.
   *
   * @param text for example {@code 192.168.0.0/16}, {@code 127.0.0.1} or {@code 2001:db8::/32}
   * @return the network
   * @throws IllegalArgumentException if the text is none of these, or has bits set beyond the
   *     prefix; the message says so, with the text in it
   */
  public static Network parse(String text) {
    int slash = text.indexOf('/');
    InetAddress address = parseAddress(slash < 0 ? text : text.substring(0, slash), text);
    if (slash < 0) {
      return of(address);
    }
    String length = text.substring(slash + 1);
    if (!PREFIX_LENGTH.matcher(length).matches()) {
      throw notANetwork(text);
    }
    boolean mapped = address instanceof Inet4Address && text.indexOf(':') >= 0;
    return new Network(address, Integer.parseInt(length) - (mapped ? MAPPED_BITS : 0));
  }

  private static InetAddress parseAddress(String address, String text) {
    boolean ipv6 = address.indexOf(':') >= 0;
    boolean literal = ipv6 ? IPV6.matcher(address).matches() : IPV4.matcher(address).matches();
    if (!literal) {
      throw notANetwork(text);
    }
    try {
      return InetAddress.ofLiteral(address);
    } catch (IllegalArgumentException e) {
      throw notANetwork(text);
    }
  }

  private static IllegalArgumentException notANetwork(String text) {
    return new IllegalArgumentException(
        "not a network, as in 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1: " + text);
  }

  /**
   * Returns whether an address is in this network.
   *
   * @param other of either family
   * @return false, too, if it is of the other family
   */
  public boolean contains(InetAddress other) {
    byte[] bytes = bytes(other);
    byte[] first = address.getAddress();
    return bytes.length == first.length && Arrays.equals(masked(bytes, prefixLength), first);
  }

  /** The bytes of an address, four of them if it is an IPv4 address in the guise of IPv6. */
  private static byte[] bytes(InetAddress address) {
    byte[] bytes = address.getAddress();
    return address instanceof Inet6Address && isMapped(bytes)
        ? Arrays.copyOfRange(bytes, MAPPED_BYTES, bytes.length)
        : bytes;
  }

  private static boolean isMapped(byte[] bytes) {
    for (int i = 0; i < MAPPED_BYTES; i++) {
      if (bytes[i] != (i < 10 ? 0 : (byte) 0xFF)) {
        return false;
      }
    }
    return true;
  }

  private static byte[] masked(byte[] bytes, int prefixLength) {
    byte[] masked = new byte[bytes.length];
    int whole = prefixLength / 8;
    System.arraycopy(bytes, 0, masked, 0, whole);
    if (prefixLength % 8 != 0) {
      masked[whole] = (byte) (bytes[whole] & (0xFF00 >> (prefixLength % 8)));
    }
    return masked;
  }

  private static InetAddress ofBytes(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has four or sixteen bytes", e);
    }
  }

  /** Returns {@code ADDRESS/PREFIX}, as {@link #parse} reads it. */
  @Override
  public String toString() {
    return Addresses.format(address) + "/" + prefixLength;
  }
}
