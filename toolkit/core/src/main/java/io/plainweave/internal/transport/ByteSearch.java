package io.plainweave.internal.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Looks for a byte in a buffer, eight bytes at a time. */
public final class ByteSearch {
  private static final long LOW_BITS = 0x0101010101010101L;
  private static final long ALL_BUT_HIGH_BITS = 0x7F7F7F7F7F7F7F7FL;

  private ByteSearch() {}

  /**
   * Returns how many of the next bytes of the buffer it takes to include the wanted one, or all of
   * them, at most the given number, if it is not there. The buffer's position stays.
   *
   * @param most at least 0, and no more than the buffer has left; the buffer is {@link
   *     ByteOrder#BIG_ENDIAN}
   */
  public static int lengthThrough(byte wanted, ByteBuffer in, int most) {
    int start = in.position();
    int end = start + most;
    long pattern = (wanted & 0xFF) * LOW_BITS;
    int i = start;
    for (; i <= end - Long.BYTES; i += Long.BYTES) {
      long difference = in.getLong(i) ^ pattern;
      // The high bit of each byte that is zero, and of no other (Hacker's Delight, 6-1).
      long zeros =
          ~(((difference & ALL_BUT_HIGH_BITS) + ALL_BUT_HIGH_BITS)
              | difference
              | ALL_BUT_HIGH_BITS);
      if (zeros != 0) {
        return i + Long.numberOfLeadingZeros(zeros) / Byte.SIZE + 1 - start;
      }
    }
    for (; i < end; i++) {
      if (in.get(i) == wanted) {
        return i + 1 - start;
      }
    }
    return most;
  }
}
