package io.plainweave.framing;

import io.plainweave.Duplex;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a connection as messages (frames): behind their length, up to a delimiter, or of one
 * size.
 *
 * <p>It keeps no byte between two messages and takes none from the connection's input beyond the
 * message that it returns. So one connection can be read in several ways by turns, and a second
 * {@code Frames} of the same connection does no harm.
 *
 * <p><b>Limits.</b> A length beyond the limit is refused as soon as it is read. Memory is taken as
 * the bytes come in, at most 16 KiB ahead of them: a peer that only claims a long message costs
 * next to nothing.
 *
 * <p><b>Threads.</b> One thread may read and another may write at the same time, as on the
 * connection itself.
 */
public sealed interface Frames permits LengthPrefixedFrames, DelimitedFrames, FixedFrames {
  /**
   * Returns messages that come behind their length.
   *
   * @param duplex the connection to read and write
   * @param prefix how the length is written
   * @param maxBytes the longest message, without its prefix; at least 1. What the prefix can say
   *     may be less.
   * @return the messages
   */
  static Frames lengthPrefixed(Duplex duplex, LengthPrefix prefix, int maxBytes) {
    return new LengthPrefixedFrames(duplex, prefix, atLeastOne("maxBytes", maxBytes), TooLong.FAIL);
  }

  /**
   * Returns messages that end with a delimiter, which is not part of them. The first occurrence of
   * the delimiter ends a message; there is no way to escape it. An end of input without the
   * delimiter is a truncation, also where the delimiter is a line feed; {@link Lines} is kinder.
   *
   * @param duplex the connection to read and write
   * @param delimiter the delimiter, at least one byte; it is copied
   * @param maxBytes the longest message, without its delimiter; at least 1
   * @return the messages
   */
  static Frames delimited(Duplex duplex, byte[] delimiter, int maxBytes) {
    if (delimiter.length == 0) {
      throw new IllegalArgumentException("delimiter must have at least one byte");
    }
    return new DelimitedFrames(
        duplex, delimiter.clone(), atLeastOne("maxBytes", maxBytes), TooLong.FAIL);
  }

  /**
   * Returns messages that all have the same size.
   *
   * @param duplex the connection to read and write
   * @param size the size of each in bytes, at least 1
   * @return the messages
   */
  static Frames fixed(Duplex duplex, int size) {
    return new FixedFrames(duplex, atLeastOne("size", size));
  }

  /**
   * Returns the same messages, where those that are longer than the limit do not fail:
   *
   * {@snippet file="io/plainweave/framing/TooLongTest.java" region="frames"}
   *
   * @param tooLong what becomes of them; {@link TooLong#FAIL} unless set
   * @return the messages
   */
  Frames tooLong(TooLong tooLong);

  /**
   * Reads the next message. It waits for the first byte as {@link Duplex#awaitMessage()} does, so
   * the drain of the server can end the wait; from there on, the message may be completed.
   *
   * @return the message, which may have no byte, and is the caller's; or null at the end of input:
   *     the peer has finished after a whole message, or the server drains
   * @throws io.plainweave.TruncatedMessageException if the peer has finished in the middle of a
   *     message
   * @throws io.plainweave.MalformedMessageException if the message is longer than the limit, unless
   *     such are skipped or cut, or its length is written as no length can be; where the next
   *     message begins is not known then
   * @throws io.plainweave.ConnectionException if the connection has failed or is closed
   * @throws IOException if the connection fails in another way
   */
  byte @Nullable [] read() throws IOException;

  /**
   * Writes a message, which leaves when {@link Duplex#output()} says: at the next wait for input,
   * or on a flush.
   *
   * @param message the bytes, without length or delimiter; they are not kept
   * @throws IllegalArgumentException if the message is longer than the limit, has not the fixed
   *     size, or would be ended early by the delimiter; nothing is written then
   * @throws IOException if the connection fails
   */
  void write(byte[] message) throws IOException;

  private static int atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1: " + value);
    }
    return value;
  }
}
