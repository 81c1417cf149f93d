package io.plainweave.framing;

import java.util.Arrays;

/**
 * The bytes of a message that tells its length only by its end. It grows with what has come, and
 * lives no longer than the message.
 */
final class MessageBytes {
  /** As much as a connection takes up at once when it wakes for a small message. */
  private static final int FIRST_SIZE = 128;

  /** The longest array that every JVM can make. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  private byte[] bytes = new byte[FIRST_SIZE];
  private int size;

  void add(int b) {
    if (size == bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(2L * size, MOST));
    }
    bytes[size++] = (byte) b;
  }

  int size() {
    return size;
  }

  byte[] array() {
    return bytes;
  }

  boolean endsWith(byte[] end) {
    int start = size - end.length;
    return start >= 0 && Arrays.equals(bytes, start, size, end, 0, end.length);
  }

  /** Returns a copy of the first so many bytes. */
  byte[] first(int length) {
    return Arrays.copyOf(bytes, length);
  }
}
