package io.plainweave.framing;

import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * How the length of a message is written in front of it. The length counts the bytes that follow,
 * not itself. There is no negative length: what a peer writes as -1 is the largest value, and
 * beyond any limit.
 */
public enum LengthPrefix {
  /** One byte: up to 255. */
  U8(1, true),
  /** Two bytes, the most significant first: up to 65,535. */
  U16_BIG_ENDIAN(2, true),
  /** Two bytes, the least significant first: up to 65,535. */
  U16_LITTLE_ENDIAN(2, false),
  /** Three bytes, the most significant first: up to 16,777,215. */
  U24_BIG_ENDIAN(3, true),
  /** Three bytes, the least significant first: up to 16,777,215. */
  U24_LITTLE_ENDIAN(3, false),
  /** Four bytes, the most significant first: up to 4,294,967,295. */
  U32_BIG_ENDIAN(4, true),
  /** Four bytes, the least significant first: up to 4,294,967,295. */
  U32_LITTLE_ENDIAN(4, false),
  /**
   * One to five bytes of seven bits each, the least significant first, with the eighth bit set in
   * all but the last: the base-128 varint of Protocol Buffers, as {@code writeDelimitedTo} writes
   * it, for a value of 32 bits. The shortest form is written; longer ones are read as well, like
   * {@code 80 00} for zero, up to five bytes.
   */
  VARINT(0, false);

  private static final int LONGEST_VARINT = 5;

  /** In bytes; 0 if it depends on the value. */
  private final int size;

  private final boolean bigEndian;

  LengthPrefix(int size, boolean bigEndian) {
    this.size = size;
    this.bigEndian = bigEndian;
  }

  /** The largest length that can be written in this way. */
  long largest() {
    return this == VARINT ? 0xFFFF_FFFFL : (1L << (8 * size)) - 1;
  }

  long readFrom(InputStream in) throws IOException {
    if (this == VARINT) {
      return readVarint(in);
    }
    long length = 0;
    for (int i = 0; i < size; i++) {
      long b = next(in);
      length = bigEndian ? (length << 8) | b : length | (b << (8 * i));
    }
    return length;
  }

  private static long readVarint(InputStream in) throws IOException {
    long length = 0;
    for (int i = 0; i < LONGEST_VARINT; i++) {
      long b = next(in);
      length |= (b & 0x7F) << (7 * i);
      if (b < 0x80) {
        // A value of more than 32 bits needs no check of its own: it is beyond any limit.
        return length;
      }
    }
    throw new MalformedMessageException(
        "the length of a message goes on after " + LONGEST_VARINT + " bytes of varint");
  }

  private static int next(InputStream in) throws IOException {
    int b = in.read();
    if (b < 0) {
      throw new TruncatedMessageException("the peer has finished within the length of a message");
    }
    return b;
  }

  void writeTo(OutputStream out, int length) throws IOException {
    if (this == VARINT) {
      int rest = length;
      for (; rest >= 0x80; rest >>>= 7) {
        out.write(rest | 0x80);
      }
      out.write(rest);
      return;
    }
    for (int i = 0; i < size; i++) {
      out.write(length >>> (8 * (bigEndian ? size - 1 - i : i)));
    }
  }
}
