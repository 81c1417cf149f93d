package io.plainweave.framing;

import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a connection as lines of text, in UTF-8 unless {@linkplain #charset another charset}
 * is set.
 *
 * <p><b>The end of a line</b> is what the protocol says. Where two programs do not agree on it, a
 * peer can hide a line from one of them that the other obeys: mail was smuggled through servers
 * that took a line feed for an end, behind others that did not (CVE-2023-51764). So {@link #crlf}
 * is strict, and who must serve peers that are not, asks for {@link #crlfOrLf}. {@link #of} is for
 * protocols of one's own.
 *
 * <p>It keeps no byte between two lines and takes none from the connection's input beyond the line
 * that it returns, so the connection can be read in another way afterwards.
 *
 * <p><b>Threads.</b> One thread may read and another may write at the same time, as on the
 * connection itself.
 */
public final class Lines {
  private final Duplex duplex;
  private final int maxBytes;
  private final LineEnd end;
  private final Charset charset;
  private final TooLong tooLong;

  /** How much room the next line gets at first; only the reading thread touches it. */
  private int room = MessageBytes.FIRST_ROOM;

  private Lines(Duplex duplex, int maxBytes, LineEnd end) {
    this(duplex, maxBytes, end, StandardCharsets.UTF_8, TooLong.FAIL);
  }

  private Lines(Duplex duplex, int maxBytes, LineEnd end, Charset charset, TooLong tooLong) {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1: " + maxBytes);
    }
    this.duplex = duplex;
    this.maxBytes = maxBytes;
    this.end = end;
    this.charset = charset;
    this.tooLong = tooLong;
  }

  /**
   * Returns the lines of a connection, each ended by a line feed. A carriage return before it is
   * taken for a part of the end when it is read, and is not written; any other is text.
   *
   * <p>What the peer sends after the last line feed and before it finishes is a line too, as with
   * {@link java.io.BufferedReader}. Where a line that was cut must not be taken for a whole one,
   * read {@link Frames#delimited} instead.
   *
   * @param duplex the connection to read and write
   * @param maxBytes the longest line that is read, in bytes without its end; at least 1
   * @return the lines
   * @throws IllegalArgumentException if {@code maxBytes} is less than 1
   */
  public static Lines of(Duplex duplex, int maxBytes) {
    return new Lines(duplex, maxBytes, LineEnd.LF);
  }

  /**
   * Returns the lines of a connection, each ended by a carriage return and a line feed, as the
   * protocols of the Internet want it (RFC 5198, section 2; RFC 5321, section 2.3.8): SMTP, IMAP,
   * FTP, IRC. A carriage return or a line feed that stands alone is refused, and NUL too, which
   * none of them has in a line; a last line without its end is truncated.
   *
   * @param duplex the connection to read and write
   * @param maxBytes the longest line that is read, in bytes without its end; at least 1
   * @return the lines
   * @throws IllegalArgumentException if {@code maxBytes} is less than 1
   */
  public static Lines crlf(Duplex duplex, int maxBytes) {
    return new Lines(duplex, maxBytes, LineEnd.CRLF);
  }

  /**
   * Returns the lines of a connection, as {@link #crlf} does, except that a line feed alone ends a
   * line that is read, too, and so does the end of input. This is for peers that are people, and
   * where nothing is passed on to a program that may see other lines in it (RFC 9112, section 2.2).
   *
   * @param duplex the connection to read and write
   * @param maxBytes the longest line that is read, in bytes without its end; at least 1
   * @return the lines
   * @throws IllegalArgumentException if {@code maxBytes} is less than 1
   */
  public static Lines crlfOrLf(Duplex duplex, int maxBytes) {
    return new Lines(duplex, maxBytes, LineEnd.CRLF_OR_LF);
  }

  /**
   * Returns the same lines in another charset than UTF-8.
   *
   * {@snippet file="io/plainweave/framing/LinesCharsetTest.java" region="charset"}
   *
   * @param charset one in which the end of a line is the same bytes as in ASCII, such as ISO-8859-1
   *     or Shift_JIS, and not UTF-16
   * @return the lines
   * @throws IllegalArgumentException if it is not one of those
   */
  public Lines charset(Charset charset) {
    if (!charset.canEncode() || !Arrays.equals("\r\n".getBytes(charset), new byte[] {'\r', '\n'})) {
      throw new IllegalArgumentException(
          "the end of a line must be the same bytes as in ASCII: " + charset);
    }
    return new Lines(duplex, maxBytes, end, charset, tooLong);
  }

  /**
   * Returns the same lines, where those that are longer than the limit do not fail. A line that is
   * cut ends with a whole character, at most as many bytes as the limit says.
   *
   * {@snippet file="io/plainweave/framing/TooLongTest.java" region="lines"}
   *
   * @param tooLong what becomes of them; {@link TooLong#FAIL} unless set
   * @return the lines
   */
  public Lines tooLong(TooLong tooLong) {
    return new Lines(duplex, maxBytes, end, charset, tooLong);
  }

  /**
   * Reads the next line. It waits for the first byte as {@link Duplex#awaitMessage()} does, so the
   * drain of the server can end the wait; from there on, the line may be completed.
   *
   * @return the line without its end, or null at the end of input: the peer has finished, or the
   *     server drains
   * @throws MalformedMessageException if the line is longer than the limit, as soon as this is
   *     known and unless such are skipped or cut, or has an end within it that is none: it is not
   *     known then where the next line begins; or if the line is not of the charset, and the next
   *     one can be read
   * @throws TruncatedMessageException if the peer has finished without the end of the line, which
   *     only {@link #crlf} demands
   * @throws io.plainweave.ConnectionException if the connection has failed or is closed
   * @throws IOException if the connection fails in another way
   */
  public @Nullable String read() throws IOException {
    while (duplex.awaitMessage()) {
      var line = new MessageBytes(duplex::readUntil, room);
      if (!line.readLine(maxBytes, end, tooLong) && end == LineEnd.CRLF) {
        throw new TruncatedMessageException("the peer has finished without the end of a line");
      }
      boolean skipped = line.isCut() && tooLong == TooLong.SKIP;
      if (end != LineEnd.LF && !skipped) {
        line.refuse((byte) 0, "there is a NUL");
      }
      duplex.endMessage();
      room = line.roomForNext();
      if (!skipped) {
        return line.isCut()
            ? decodeCut(ByteBuffer.wrap(line.array(), 0, line.lineSize()))
            : decode(line.array(), line.lineSize());
      }
    }
    return null;
  }

  private String decode(byte[] bytes, int size) throws MalformedMessageException {
    String text = new String(bytes, 0, size, charset);
    // This is what stands for bytes that are no text, unless the peer has sent it itself.
    if (text.indexOf('\uFFFD') >= 0) {
      try {
        charset.newDecoder().decode(ByteBuffer.wrap(bytes, 0, size));
      } catch (CharacterCodingException e) {
        throw new MalformedMessageException("a line is not " + charset + ": " + text);
      }
    }
    return text;
  }

  /** Leaves out the beginning of a character at the end. */
  private String decodeCut(ByteBuffer bytes) throws MalformedMessageException {
    CharsetDecoder decoder = charset.newDecoder();
    CharBuffer text = CharBuffer.allocate((int) (bytes.remaining() * decoder.maxCharsPerByte()));
    if (decoder.decode(bytes, text, false).isError()) {
      throw new MalformedMessageException("a line is not " + charset + ": " + text.flip());
    }
    return text.flip().toString();
  }

  /**
   * Writes a line and its end. It leaves when {@link Duplex#output()} says: at the next wait for
   * input, or on a flush. It may be longer than the lines that are read.
   *
   * @param line the text
   * @throws IllegalArgumentException if there is a line feed in it, so that the peer might take it
   *     for two, or, where lines end with a carriage return too, one of those or a NUL, or a
   *     character that is not in the charset; nothing is written then
   * @throws IOException if the connection fails
   */
  public void write(String line) throws IOException {
    refuse(line, '\n', "line feed");
    if (end != LineEnd.LF) {
      refuse(line, '\r', "carriage return");
      refuse(line, '\0', "NUL");
    }
    if (!charset.equals(StandardCharsets.UTF_8) && !charset.newEncoder().canEncode(line)) {
      throw new IllegalArgumentException(
          "a line must only have characters of " + charset + ": " + line);
    }
    duplex.output().write((line + end.written).getBytes(charset));
  }

  private static void refuse(String line, char unwanted, String name) {
    int at = line.indexOf(unwanted);
    if (at >= 0) {
      throw new IllegalArgumentException("a line must not have a " + name + " in it: at " + at);
    }
  }
}
