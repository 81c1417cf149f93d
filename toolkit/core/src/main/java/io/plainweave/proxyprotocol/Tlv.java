package io.plainweave.proxyprotocol;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One further fact in a header of version 2: a type and a value (TLV, type-length-value). Types
 * that are not known here are kept as they are. Two are equal if type and value are.
 */
public final class Tlv {
  /** The protocol that client and proxy have agreed on (RFC 7301). */
  public static final int ALPN = 0x01;

  /** The host name that the client has asked for; with TLS, its SNI. */
  public static final int AUTHORITY = 0x02;

  /** The checksum of the header, which {@link ProxyHeader#checksum()} stands for. */
  public static final int CRC32C = 0x03;

  /** Padding. */
  public static final int NOOP = 0x04;

  /** Bytes by which the proxy knows the connection, at most 128. */
  public static final int UNIQUE_ID = 0x05;

  /** TLS between client and proxy: {@link ProxiedTls}. */
  public static final int SSL = 0x20;

  /** Within {@link #SSL}: the version of TLS. */
  public static final int SSL_VERSION = 0x21;

  /** Within {@link #SSL}: the common name of the client's certificate. */
  public static final int SSL_CN = 0x22;

  /** Within {@link #SSL}: the cipher suite. */
  public static final int SSL_CIPHER = 0x23;

  /** Within {@link #SSL}: the algorithm that has signed the proxy's certificate. */
  public static final int SSL_SIG_ALG = 0x24;

  /** Within {@link #SSL}: the algorithm of the key of the proxy's certificate. */
  public static final int SSL_KEY_ALG = 0x25;

  /** The network namespace of the proxy in which the client has come in. */
  public static final int NETNS = 0x30;

  /** Type and length. */
  static final int PREFIX = 3;

  private static final int LONGEST_VALUE = 0xFFFF;
  private static final int LONGEST_UNIQUE_ID = 128;

  private final int type;
  private final byte[] value;

  /**
   * Makes one.
   *
   * @param type from 0 to 255; some are the constants of this class, and 0xE0 to 0xEF are for
   *     applications
   * @param value at most 65,535 bytes, of which a copy is kept
   * @throws IllegalArgumentException if type or size is out of range
   */
  public Tlv(int type, byte[] value) {
    if (type < 0 || type > 0xFF) {
      throw new IllegalArgumentException("the type of a TLV is from 0 to 255: " + type);
    }
    if (value.length > LONGEST_VALUE) {
      throw new IllegalArgumentException(
          "the value of a TLV has at most 65,535 bytes: " + value.length);
    }
    this.type = type;
    this.value = value.clone();
  }

  /**
   * Makes one whose value is text, in UTF-8.
   *
   * @param type from 0 to 255
   * @param text the value
   * @return the TLV
   */
  public static Tlv of(int type, String text) {
    return new Tlv(type, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Returns the type.
   *
   * @return from 0 to 255
   */
  public int type() {
    return type;
  }

  /**
   * Returns the value.
   *
   * @return a copy of its bytes
   */
  public byte[] value() {
    return value.clone();
  }

  /**
   * Returns the value as text, in UTF-8.
   *
   * @return the text; what is no text stands in it as U+FFFD
   */
  public String text() {
    return new String(value, StandardCharsets.UTF_8);
  }

  /**
   * Reads what is left of the bytes, which must be TLVs to the last byte.
   *
   * @throws IllegalArgumentException if it is not
   */
  static List<Tlv> readAll(ByteBuffer from) {
    List<Tlv> tlvs = new ArrayList<>();
    while (from.hasRemaining()) {
      if (from.remaining() < PREFIX) {
        throw new IllegalArgumentException("there are bytes behind the last TLV");
      }
      int type = from.get() & 0xFF;
      int length = from.getShort() & 0xFFFF;
      if (length > from.remaining()) {
        throw new IllegalArgumentException(
            String.format(
                "the TLV of type 0x%02x has %d bytes, and only %d are left",
                type, length, from.remaining()));
      }
      byte[] value = new byte[length];
      from.get(value);
      tlvs.add(new Tlv(type, value));
    }
    return List.copyOf(tlvs);
  }

  /**
   * Checks that the value is what the type demands.
   *
   * @throws IllegalArgumentException if it is not
   */
  void check() {
    switch (type) {
      case CRC32C ->
          throw new IllegalArgumentException("the checksum is made when the header is written");
      case AUTHORITY -> {
        if (!isName()) {
          throw new IllegalArgumentException("the authority is no name: " + this);
        }
      }
      case UNIQUE_ID -> {
        if (value.length > LONGEST_UNIQUE_ID) {
          throw new IllegalArgumentException(
              "a unique ID has at most " + LONGEST_UNIQUE_ID + " bytes: " + value.length);
        }
      }
      case SSL -> ProxiedTls.of(this);
      default -> {}
    }
  }

  /** Whether it is UTF-8, without a NUL, at which programs in C would stop reading it. */
  private boolean isName() {
    try {
      CharBuffer name = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value));
      return !name.isEmpty() && name.chars().noneMatch(c -> c == 0);
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  static void writeAll(List<Tlv> tlvs, ByteBuffer to) {
    for (Tlv tlv : tlvs) {
      to.put((byte) tlv.type).putShort((short) tlv.value.length).put(tlv.value);
    }
  }

  static int size(List<Tlv> tlvs) {
    return tlvs.stream().mapToInt(Tlv::size).sum();
  }

  int size() {
    return PREFIX + value.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tlv tlv && type == tlv.type && Arrays.equals(value, tlv.value);
  }

  @Override
  public int hashCode() {
    return 31 * type + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return String.format("0x%02x=%s", type, Escape.quote(value, value.length));
  }
}
