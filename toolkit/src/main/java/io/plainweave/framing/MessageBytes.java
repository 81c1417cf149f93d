package io.plainweave.framing;

import io.plainweave.MalformedMessageException;
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

  /** Adds a byte of a line that ends with a line feed, and may have a carriage return before it. */
  void addToLine(int b, int maxBytes) throws MalformedMessageException {
    // One byte more may come if it is the carriage return of the line's end.
    if (size >= maxBytes && (size > maxBytes || b != '\r')) {
      throw new MalformedMessageException("a line is longer than " + maxBytes + " bytes");
    }
    add(b);
  }

  /** The size of a whole line without the carriage return of its end. */
  int lineSize() {
    return size > 0 && bytes[size - 1] == '\r' ? size - 1 : size;
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
