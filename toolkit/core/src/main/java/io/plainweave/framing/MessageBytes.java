package io.plainweave.framing;

import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The bytes of a message that tells its length only by its end. It grows with what has come, and
 * lives no longer than the message.
 */
final class MessageBytes {
  /** Where the bytes come from: {@link io.plainweave.Duplex#readUntil} or the like. */
  @FunctionalInterface
  interface Source {
    int readUntil(byte last, byte[] target, int offset, int length) throws IOException;
  }

  /** The room for a message about which nothing is known. */
  static final int FIRST_ROOM = 128;

  /** How far room may be made ahead of the bytes because the message before was so long. */
  private static final int MOST_ROOM_AHEAD = 16 * 1024;

  /** How many bytes around a fault are shown, on each side of it. */
  private static final int SHOWN = 32;

  /** The longest array that every JVM can make. */
  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  private final Source source;
  private final int room;
  private byte[] bytes;
  private int size;

  /** Whether the end of the message was dropped. */
  private boolean cut;

  /**
   * Makes an empty message.
   *
   * @param room what {@link #roomForNext()} of the message before has said, or {@link #FIRST_ROOM}
   */
  MessageBytes(Source source, int room) {
    this.source = source;
    this.room = room;
    this.bytes = new byte[room];
  }

  /**
   * Reads on, up to a byte and with it, as far as the bytes have come; false at the end of input.
   *
   * @param most how long the message may become; it is shorter still
   */
  boolean readUntil(byte last, long most) throws IOException {
    if (size == bytes.length) {
      // Beyond the longest array the JVM has the word: OutOfMemoryError.
      bytes = Arrays.copyOf(bytes, Math.max(size + 1, (int) Math.min(2L * size, LONGEST_ARRAY)));
    }
    int length = (int) Math.min(bytes.length, most) - size;
    int n = source.readUntil(last, bytes, size, length);
    size += Math.max(n, 0);
    return n >= 0;
  }

  /**
   * Reads a line to its line feed, or to the end of input.
   *
   * @param maxBytes the longest line, without its end
   * @param end what ends it
   * @param tooLong what becomes of one that is longer
   * @return whether there was a line feed
   */
  boolean readLine(int maxBytes, LineEnd end, TooLong tooLong) throws IOException {
    boolean ended = false;
    // Behind the longest line its end may come, of two bytes.
    while (!ended && readUntil((byte) '\n', maxBytes + 2L)) {
      ended = bytes[size - 1] == '\n';
      if (ended) {
        size--;
      }
      if (lineSize() > maxBytes) {
        if (tooLong == TooLong.FAIL) {
          throw new MalformedMessageException("a line is longer than " + maxBytes + " bytes");
        }
        ended = dropLine(ended, maxBytes, end);
        if (tooLong == TooLong.SKIP) {
          return ended;
        }
        break;
      }
    }
    if (ended && !cut && !end.bareLineFeedEnds && lineSize() == size) {
      throw malformed("a line feed has no carriage return before it", size);
    }
    if (!end.bareCarriageReturnIsText) {
      refuse((byte) '\r', "a carriage return has no line feed behind it");
    }
    return ended;
  }

  /** Drops what is left of a line that is too long; whether there was a line feed. */
  private boolean dropLine(boolean hasEnded, int maxBytes, LineEnd end) throws IOException {
    boolean ended = hasEnded;
    boolean afterReturn = bytes[size - 1] == '\r';
    byte[] dropped = new byte[ended ? 0 : FIRST_ROOM];
    for (int n = 0; !ended && n >= 0; ) {
      n = source.readUntil((byte) '\n', dropped, 0, dropped.length);
      ended = n > 0 && dropped[n - 1] == '\n';
      int last = ended ? n - 2 : n - 1;
      afterReturn = last < 0 ? afterReturn : dropped[last] == '\r';
    }
    if (ended && !end.bareLineFeedEnds && !afterReturn) {
      throw new MalformedMessageException(
          "a line feed has no carriage return before it, at the end of a line of more than "
              + maxBytes
              + " bytes");
    }
    cutTo(maxBytes);
    return ended;
  }

  /** Drops up to a delimiter, and that one, of which the last bytes may have come already. */
  void dropThrough(byte[] delimiter, int maxBytes) throws IOException {
    int kept = Math.min(size, delimiter.length - 1);
    byte[] last = new byte[FIRST_ROOM + delimiter.length];
    System.arraycopy(bytes, size - kept, last, 0, kept);
    cutTo(maxBytes);
    for (int n = kept; !endsWith(last, n, delimiter); ) {
      kept = Math.min(n, delimiter.length - 1);
      System.arraycopy(last, n - kept, last, 0, kept);
      int read = source.readUntil(delimiter[delimiter.length - 1], last, kept, last.length - kept);
      if (read < 0) {
        throw new TruncatedMessageException(
            "the peer has finished in a message of more than " + maxBytes + " bytes");
      }
      n = kept + read;
    }
  }

  private void cutTo(int maxBytes) {
    size = Math.min(size, maxBytes);
    cut = true;
  }

  /** Whether the end of the message was dropped, because it was too long. */
  boolean isCut() {
    return cut;
  }

  /** Throws if this byte is in the line that was read. */
  void refuse(byte unwanted, String why) throws MalformedMessageException {
    int lineSize = lineSize();
    for (int i = 0; i < lineSize; i++) {
      if (bytes[i] == unwanted) {
        throw malformed(why, i);
      }
    }
  }

  /** What is wrong at a byte of the line that was read, or of its end, and what stands there. */
  private MalformedMessageException malformed(String why, int at) {
    int from = Math.max(0, at - SHOWN);
    int to = Math.max(at + 1, Math.min(at + SHOWN, size));
    String there = new String(bytes, from, to - from, StandardCharsets.UTF_8);
    return new MalformedMessageException(why + ", at byte " + at + " of a line: \"" + there + "\"");
  }

  /** The size of a line that was read, without the carriage return of its end. */
  int lineSize() {
    return !cut && size > 0 && bytes[size - 1] == '\r' ? size - 1 : size;
  }

  int size() {
    return size;
  }

  byte[] array() {
    return bytes;
  }

  boolean endsWith(byte[] end) {
    return endsWith(bytes, size, end);
  }

  private static boolean endsWith(byte[] bytes, int size, byte[] end) {
    int start = size - end.length;
    return start >= 0 && Arrays.equals(bytes, start, size, end, 0, end.length);
  }

  /** Returns a copy of the first so many bytes. */
  byte[] first(int length) {
    return Arrays.copyOf(bytes, length);
  }

  /** The room that the next message should get: enough for one like this, and soon no more. */
  int roomForNext() {
    int enough = Math.max(size + 2, (room + size) / 2);
    return Math.clamp(enough, FIRST_ROOM / 2, MOST_ROOM_AHEAD);
  }
}
