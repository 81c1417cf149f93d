package io.plainweave.framing;

import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads a message that is made of several parts: lines, decimal numbers, counted bytes. RESP,
 * memcached and NATS are written so.
 *
 * <p>The format itself says where a message begins and ends, with {@link Duplex#awaitMessage()}
 * before the first part and {@link Duplex#endMessage()} after the last. Between those two, the end
 * of the input is a {@link TruncatedMessageException}.
 *
 * {@snippet file="io/plainweave/framing/MessageReaderTest.java" region="counted"}
 *
 * <p>Lines and numbers end with a carriage return and a line feed. {@link #crlfOrLf} is less
 * strict, for what people type; {@link Lines} says when that is dangerous.
 *
 * <p>It keeps nothing, and takes no byte from the connection's input beyond the part that it
 * returns, so the connection can be read in another way afterwards. One thread may read at a time.
 */
public final class MessageReader {
  private final Duplex duplex;
  private final InputStream in;
  private final LineEnd end;

  private MessageReader(Duplex duplex, LineEnd end) {
    this.duplex = duplex;
    this.in = duplex.input();
    this.end = end;
  }

  /**
   * Returns a reader of the messages of a connection.
   *
   * @param duplex the connection to read
   * @return the reader
   */
  public static MessageReader of(Duplex duplex) {
    return new MessageReader(duplex, LineEnd.CRLF);
  }

  /**
   * Returns a reader of the messages of a connection, for which a line feed alone is the end of a
   * line as well.
   *
   * @param duplex the connection to read
   * @return the reader
   */
  public static MessageReader crlfOrLf(Duplex duplex) {
    return new MessageReader(duplex, LineEnd.CRLF_OR_LF);
  }

  /**
   * Reads one byte.
   *
   * @return the byte, from 0 to 255
   * @throws TruncatedMessageException if the peer has finished
   * @throws IOException if the connection fails
   */
  public int readByte() throws IOException {
    int b = in.read();
    if (b < 0) {
      throw finished();
    }
    return b;
  }

  private static TruncatedMessageException finished() {
    return new TruncatedMessageException("the peer has finished in the middle of a message");
  }

  /**
   * Reads a decimal number that ends with its line: digits, with a minus before them or not, then
   * the end of the line.
   *
   * @return the number
   * @throws MalformedMessageException if it is no number, or none that fits into a long
   * @throws TruncatedMessageException if the peer has finished before the end of the line
   * @throws IOException if the connection fails
   */
  public long readNumber() throws IOException {
    int b = readByte();
    boolean negative = b == '-';
    if (negative) {
      b = readByte();
    }
    // Of numbers in two's complement the negative ones reach further, by one.
    long number = -digit(b);
    for (b = readByte(); !beginsLineEnd(b); b = readByte()) {
      int digit = digit(b);
      if (number < Long.MIN_VALUE / 10 || number * 10 < Long.MIN_VALUE + digit) {
        throw tooLarge();
      }
      number = number * 10 - digit;
    }
    if (b == '\r') {
      expectLineFeed();
    }
    if (negative) {
      return number;
    }
    if (number == Long.MIN_VALUE) {
      throw tooLarge();
    }
    return -number;
  }

  private boolean beginsLineEnd(int b) {
    return b == '\r' || (b == '\n' && end.bareLineFeedEnds);
  }

  private static int digit(int b) throws MalformedMessageException {
    if (b < '0' || b > '9') {
      throw new MalformedMessageException("a number has " + shown(b) + " in it");
    }
    return b - '0';
  }

  private static MalformedMessageException tooLarge() {
    return new MalformedMessageException("a number does not fit into 64 bits");
  }

  /**
   * Reads a line.
   *
   * @param maxBytes the longest line, in bytes without its end
   * @return the line without its end
   * @throws MalformedMessageException if the line is longer, as soon as this is known, or has a
   *     carriage return or a line feed in it that is no end
   * @throws TruncatedMessageException if the peer has finished before the end of the line
   * @throws IOException if the connection fails
   */
  public byte[] readLine(int maxBytes) throws IOException {
    var line = new MessageBytes(duplex, MessageBytes.FIRST_ROOM);
    if (!line.readLine(maxBytes, end, TooLong.FAIL)) {
      throw finished();
    }
    return line.first(line.lineSize());
  }

  /**
   * Reads as many bytes as are asked for. Memory is taken as they come in, at most 16 KiB ahead of
   * them: whoever checks a length against a limit need not fear a peer that only claims it.
   *
   * @param length how many
   * @return the bytes, which are the caller's
   * @throws TruncatedMessageException if the peer has finished before
   * @throws IOException if the connection fails
   */
  public byte[] readBytes(int length) throws IOException {
    return LengthPrefixedFrames.readBytes(in, length);
  }

  /**
   * Reads the end of a line and nothing else.
   *
   * @throws MalformedMessageException if something else comes
   * @throws TruncatedMessageException if the peer has finished
   * @throws IOException if the connection fails
   */
  public void readLineEnd() throws IOException {
    int b = readByte();
    if (!beginsLineEnd(b)) {
      throw new MalformedMessageException("where a line ends there is " + shown(b));
    }
    if (b == '\r') {
      expectLineFeed();
    }
  }

  private void expectLineFeed() throws IOException {
    int b = readByte();
    if (b != '\n') {
      throw new MalformedMessageException("after a carriage return there is " + shown(b));
    }
  }

  private static String shown(int b) {
    return b > ' ' && b < 0x7f ? "'" + (char) b + "'" : String.format("0x%02x", b);
  }
}
