package io.plainweave.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;

/**
 * Puts a private key of an older format into PKCS#8 (RFC 5958), the only one that the JDK reads:
 * that is the same key, behind the name of its algorithm.
 */
final class Pkcs8 {
  // Types in DER (ITU-T X.690).
  private static final int OCTET_STRING = 0x04;
  private static final int SEQUENCE = 0x30;

  /** The number 0. */
  private static final byte[] VERSION = {0x02, 1, 0};

  private Pkcs8() {}

  /**
   * Wraps a key.
   *
   * @param key an RSAPrivateKey of PKCS#1 (RFC 8017, appendix A.1.2) or an ECPrivateKey of SEC1
   *     (RFC 5915)
   * @param publicKey its other half, which knows its algorithm, and of which curve it is
   */
  static PKCS8EncodedKeySpec wrap(byte[] key, PublicKey publicKey) {
    byte[] content = join(VERSION, algorithmOf(publicKey), der(OCTET_STRING, key));
    return new PKCS8EncodedKeySpec(der(SEQUENCE, content));
  }

  /**
   * The AlgorithmIdentifier, with which the X.509 encoding of a public key begins (RFC 5280,
   * section 4.1).
   */
  private static byte[] algorithmOf(PublicKey publicKey) {
    var encoded = ByteBuffer.wrap(publicKey.getEncoded());
    skipTypeAndReadLength(encoded);
    int begin = encoded.position();
    int length = skipTypeAndReadLength(encoded);
    return Arrays.copyOfRange(encoded.array(), begin, encoded.position() + length);
  }

  private static int skipTypeAndReadLength(ByteBuffer encoded) {
    encoded.get();
    int first = encoded.get() & 0xFF;
    if (first < 0x80) {
      return first;
    }
    int length = 0;
    for (int i = first & 0x7F; i > 0; i--) {
      length = (length << Byte.SIZE) | (encoded.get() & 0xFF);
    }
    return length;
  }

  /** A value behind its type and its length, which has one byte, or as many as the first says. */
  private static byte[] der(int type, byte[] content) {
    var value = new ByteArrayOutputStream();
    value.write(type);
    int length = content.length;
    if (length < 0x80) {
      value.write(length);
    } else {
      int bits = Integer.SIZE - Integer.numberOfLeadingZeros(length);
      int bytes = Math.ceilDiv(bits, Byte.SIZE);
      value.write(0x80 | bytes);
      for (int i = bytes - 1; i >= 0; i--) {
        value.write(length >> (i * Byte.SIZE));
      }
    }
    value.writeBytes(content);
    return value.toByteArray();
  }

  private static byte[] join(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
