package io.plainweave.framing;

import io.plainweave.Connection;
import io.plainweave.ConnectionException;
import io.plainweave.MalformedMessageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a connection as lines of text in UTF-8, each ended by a line feed, with or without a
 * carriage return before it.
 *
 * <p>It keeps no byte between two lines and takes none from the connection's input beyond the line
 * that it returns, so the connection can be read in another way afterwards.
 *
 * <p><b>Threads.</b> One thread may read and another may write at the same time, as on the
 * connection itself.
 */
public final class Lines {
  private final Connection connection;
  private final int maxBytes;

  /** What ends a line that is written. */
  private final String end;

  /** How much room the next line gets at first; only the reading thread touches it. */
  private int room = MessageBytes.FIRST_ROOM;

  private Lines(Connection connection, int maxBytes, String end) {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1: " + maxBytes);
    }
    this.connection = connection;
    this.maxBytes = maxBytes;
    this.end = end;
  }

  /**
   * Returns the lines of a connection, written with a line feed at the end.
   *
   * @param connection the connection to read and write
   * @param maxBytes the longest line that is read, in bytes without its end; at least 1
   * @return the lines
   * @throws IllegalArgumentException if {@code maxBytes} is less than 1
   */
  public static Lines of(Connection connection, int maxBytes) {
    return new Lines(connection, maxBytes, "\n");
  }

  /**
   * Returns the lines of a connection, written with carriage return and line feed at the end, as
   * the protocols of the Internet want them (RFC 5198, section 2): SMTP, IMAP, FTP, IRC.
   *
   * @param connection the connection to read and write
   * @param maxBytes the longest line that is read, in bytes without its end; at least 1
   * @return the lines
   * @throws IllegalArgumentException if {@code maxBytes} is less than 1
   */
  public static Lines crlf(Connection connection, int maxBytes) {
    return new Lines(connection, maxBytes, "\r\n");
  }

  /**
   * Reads the next line. It waits for the first byte as {@link Connection#awaitMessage()} does, so
   * the drain of the server can end the wait; from there on, the line may be completed.
   *
   * <p>What the peer sends after the last line feed and before it finishes is a line too, as with
   * {@link java.io.BufferedReader}. Where a line that was cut must not be taken for a whole one,
   * read {@link Frames#delimited} instead.
   *
   * @return the line without its end, or null at the end of input: the peer has finished, or the
   *     server drains
   * @throws MalformedMessageException if the line is longer than the limit, as soon as this is
   *     known, and it is not known then where the next line begins; or if the line is not UTF-8,
   *     and the next one can be read
   * @throws ConnectionException if the connection has failed or is closed
   * @throws IOException if the connection fails in another way
   */
  public @Nullable String read() throws IOException {
    if (!connection.awaitMessage()) {
      return null;
    }
    var line = new MessageBytes(connection, room);
    line.readLine(maxBytes);
    connection.endMessage();
    room = line.roomForNext();
    return decode(line.array(), line.lineSize());
  }

  private static String decode(byte[] bytes, int size) throws MalformedMessageException {
    String text = new String(bytes, 0, size, StandardCharsets.UTF_8);
    // This is what stands for bytes that are no text, unless the peer has sent it itself.
    if (text.indexOf('\uFFFD') >= 0) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, size));
      } catch (CharacterCodingException e) {
        throw new MalformedMessageException("a line is not UTF-8: " + text);
      }
    }
    return text;
  }

  /**
   * Writes a line and its end. It leaves when {@link Connection#output()} says: at the next wait
   * for input, or on a flush. It may be longer than the lines that are read.
   *
   * @param line the text
   * @throws IllegalArgumentException if there is a character in it of those that end lines here, so
   *     that the peer might take it for two; nothing is written then
   * @throws IOException if the connection fails
   */
  public void write(String line) throws IOException {
    for (int i = 0; i < end.length(); i++) {
      int at = line.indexOf(end.charAt(i));
      if (at >= 0) {
        String what = end.charAt(i) == '\n' ? "line feed" : "carriage return";
        throw new IllegalArgumentException("a line must not have a " + what + " in it: at " + at);
      }
    }
    connection.output().write((line + end).getBytes(StandardCharsets.UTF_8));
  }
}
