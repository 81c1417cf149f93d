package io.plainweave.framing;

import io.plainweave.ConnectionException;
import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a message that is made of several parts: numbers in binary, counted bytes and texts, lines,
 * decimal numbers. DNS, MQTT and SOCKS are written so, and RESP, memcached and NATS.
 *
 * <p>Numbers in binary have their most significant byte first, as in the headers of the Internet's
 * protocols, and the names that they have in {@link java.io.DataInput}.
 *
 * <p><b>From a connection</b> ({@link #of(Duplex)}) it reads the parts as they come in. The format
 * itself says where a message begins and ends, with {@link Duplex#awaitMessage()} before the first
 * part and {@link Duplex#endMessage()} after the last. Between those two, the end of the input is a
 * {@link TruncatedMessageException}.
 *
 * {@snippet file="io/plainweave/framing/MessageReaderTest.java" region="counted"}
 *
 * <p>It keeps nothing, and takes no byte from the connection's input beyond the part that it
 * returns, so the connection can be read in another way afterwards.
 *
 * <p><b>In memory</b> ({@link #of(byte[])}) it takes a message apart that is there as a whole: a
 * frame, or a datagram. The length of that is the limit, so a part that goes beyond it is a {@link
 * MalformedMessageException}; {@link #remaining()} says how much is left, and {@link #readEnd()}
 * that nothing may be.
 *
 * {@snippet file="io/plainweave/framing/MessageReaderTest.java" region="memory"}
 *
 * <p>Lines and decimal numbers end with a carriage return and a line feed. {@link #crlfOrLf} is
 * less strict, for what people type; {@link Lines} says when that is dangerous.
 *
 * <p>One thread may read at a time.
 */
public final class MessageReader {
  private final InputStream in;
  private final MessageBytes.Source source;
  private final LineEnd end;

  /** What is in memory, the same as {@code in}; null if a connection is read. */
  private final @Nullable MessageInput message;

  private MessageReader(Duplex duplex, LineEnd end) {
    this.in = duplex.input();
    this.source = duplex::readUntil;
    this.end = end;
    this.message = null;
  }

  private MessageReader(MessageInput message) {
    this.in = message;
    this.source = message::readUntil;
    this.end = LineEnd.CRLF;
    this.message = message;
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
   * Returns a reader of one message that is in memory.
   *
   * @param message the whole message, which nobody may change while it is read
   * @return the reader, at the first byte
   */
  public static MessageReader of(byte[] message) {
    return new MessageReader(new MessageInput(message));
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
   * @throws MalformedMessageException if a message in memory ends before
   * @throws IOException if the connection fails
   */
  public int readByte() throws IOException {
    int b = in.read();
    if (b < 0) {
      throw tooShort();
    }
    return b;
  }

  /** What it means that the bytes end here. */
  private ConnectionException tooShort() {
    return message == null
        ? new TruncatedMessageException("the peer has finished in the middle of a message")
        : new MalformedMessageException("a message is shorter than its parts");
  }

  /**
   * Reads a number of two bytes.
   *
   * @return the number, from 0 to 65,535
   * @throws TruncatedMessageException if the peer has finished before
   * @throws MalformedMessageException if a message in memory ends before
   * @throws IOException if the connection fails
   */
  public int readUnsignedShort() throws IOException {
    return readByte() << 8 | readByte();
  }

  /**
   * Reads a number of four bytes.
   *
   * @return the number, from 0 to 4,294,967,295
   * @throws TruncatedMessageException if the peer has finished before
   * @throws MalformedMessageException if a message in memory ends before
   * @throws IOException if the connection fails
   */
  public long readUnsignedInt() throws IOException {
    return (long) readUnsignedShort() << 16 | readUnsignedShort();
  }

  /**
   * Reads a number of eight bytes in two's complement: one that the format calls unsigned is
   * negative here from 2<sup>63</sup> on.
   *
   * @return the number
   * @throws TruncatedMessageException if the peer has finished before
   * @throws MalformedMessageException if a message in memory ends before
   * @throws IOException if the connection fails
   */
  public long readLong() throws IOException {
    return readUnsignedInt() << 32 | readUnsignedInt();
  }

  /**
   * Reads a decimal number that ends with its line: digits, with a minus before them or not, then
   * the end of the line.
   *
   * @return the number
   * @throws MalformedMessageException if it is no number, or none that fits into a long, or if a
   *     message in memory ends before
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
   *     carriage return or a line feed in it that is no end, or if a message in memory ends before
   * @throws TruncatedMessageException if the peer has finished before the end of the line
   * @throws IOException if the connection fails
   */
  public byte[] readLine(int maxBytes) throws IOException {
    var line = new MessageBytes(source, MessageBytes.FIRST_ROOM);
    if (!line.readLine(maxBytes, end, TooLong.FAIL)) {
      throw tooShort();
    }
    return line.first(line.lineSize());
  }

  /**
   * Reads as many bytes as are asked for. Memory is taken as they come in, at most 16 KiB ahead of
   * them: whoever checks a length against a limit need not fear a peer that only claims it.
   *
   * @param length how many
   * @return the bytes, which are the caller's
   * @throws IllegalArgumentException if the length is negative
   * @throws TruncatedMessageException if the peer has finished before
   * @throws MalformedMessageException if a message in memory ends before
   * @throws IOException if the connection fails
   */
  public byte[] readBytes(int length) throws IOException {
    byte[] bytes = in.readNBytes(length); // makes room as they come in
    if (bytes.length < length) {
      throw tooShort();
    }
    return bytes;
  }

  /**
   * Reads as many bytes as the peer has announced, if they are not too many.
   *
   * @param length what was announced, as it was read
   * @param maxBytes how many are allowed
   * @return the bytes, which are the caller's
   * @throws MalformedMessageException if the length is negative or beyond the limit: nothing is
   *     read then; or if a message in memory ends before
   * @throws TruncatedMessageException if the peer has finished before
   * @throws IOException if the connection fails
   */
  public byte[] readBytes(long length, int maxBytes) throws IOException {
    if (length < 0 || length > maxBytes) {
      throw new MalformedMessageException(
          "a length of " + length + " bytes is announced; the limit is " + maxBytes);
    }
    return readBytes((int) length);
  }

  /**
   * Reads a text in UTF-8 of as many bytes as are asked for.
   *
   * @param length how many bytes, not characters
   * @return the text
   * @throws IllegalArgumentException if the length is negative
   * @throws MalformedMessageException if the bytes are not UTF-8, or if a message in memory ends
   *     before
   * @throws TruncatedMessageException if the peer has finished before
   * @throws IOException if the connection fails
   */
  public String readUtf8(int length) throws IOException {
    var decoder = new Utf8Decoder();
    String text = decoder.decode(readBytes(length));
    decoder.end();
    return text;
  }

  /**
   * Passes over as many bytes as are asked for.
   *
   * @param length how many
   * @throws IllegalArgumentException if the length is negative
   * @throws TruncatedMessageException if the peer has finished before
   * @throws MalformedMessageException if a message in memory ends before
   * @throws IOException if the connection fails
   */
  public void skip(long length) throws IOException {
    if (length < 0) {
      throw new IllegalArgumentException("length must not be negative: " + length);
    }
    if (LengthPrefixedFrames.drop(in, length) > 0) {
      throw tooShort();
    }
  }

  /**
   * Returns how many bytes of a message in memory are still to be read.
   *
   * @return how many
   * @throws IllegalStateException if a connection is read: nobody knows it of that
   */
  public int remaining() {
    if (message == null) {
      throw new IllegalStateException("a connection does not say how long its message is");
    }
    return message.available();
  }

  /**
   * Makes sure that a message in memory ends here.
   *
   * @throws MalformedMessageException if bytes of it are left
   * @throws IllegalStateException if a connection is read
   */
  public void readEnd() throws MalformedMessageException {
    int left = remaining();
    if (left > 0) {
      throw new MalformedMessageException("a message is longer than its parts, by " + left);
    }
  }

  /**
   * Reads the end of a line and nothing else.
   *
   * @throws MalformedMessageException if something else comes, or a message in memory ends before
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
