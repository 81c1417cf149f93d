package io.plainweave.framing;

import io.plainweave.MalformedMessageException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Text in UTF-8 that comes in pieces, such as the fragments of a WebSocket message (RFC 6455,
 * section 5.4). A piece may end in the middle of a character: its bytes are kept, three at most,
 * and the character is part of the next piece's text. What is no UTF-8 fails as soon as the last
 * byte is there that a character of that beginning would have, and most of it sooner.
 *
 * {@snippet file="io/plainweave/framing/Utf8DecoderTest.java" region="fragments"}
 *
 * <p>For one thread at a time.
 */
public final class Utf8Decoder {
  private static final byte[] NONE = {};

  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();

  /** The beginning of a character; only the thread that decodes touches it. */
  private byte[] rest = NONE;

  /** Makes a decoder that is at the beginning of a text. */
  public Utf8Decoder() {}

  /**
   * Decodes the next piece of the text.
   *
   * @param piece the bytes, which are not kept
   * @return the characters that are complete; may be empty
   * @throws MalformedMessageException if the bytes are not UTF-8; what comes next begins a new text
   */
  public String decode(byte[] piece) throws MalformedMessageException {
    return decode(piece, 0, piece.length);
  }

  /**
   * Decodes the next piece of the text.
   *
   * @param piece has the bytes, which are not kept
   * @param offset the index of the first of them
   * @param length how many there are
   * @return the characters that are complete; may be empty
   * @throws MalformedMessageException if the bytes are not UTF-8; what comes next begins a new text
   * @throws IndexOutOfBoundsException if the array has no such range
   */
  public String decode(byte[] piece, int offset, int length) throws MalformedMessageException {
    Objects.checkFromIndexSize(offset, length, piece.length);
    ByteBuffer in = ByteBuffer.wrap(piece, offset, length);
    if (rest.length > 0) {
      in = ByteBuffer.allocate(rest.length + length).put(rest).put(piece, offset, length).flip();
    }
    CharBuffer out = CharBuffer.allocate(in.remaining());
    boolean failed = decoder.reset().decode(in, out, false).isError();
    rest = NONE;
    if (failed) {
      throw new MalformedMessageException(
          "a text is not UTF-8: byte 0x%02x after \"%s\"".formatted(in.get(), shown(out.flip())));
    }
    if (in.hasRemaining()) {
      rest = new byte[in.remaining()];
      in.get(rest);
    }
    return out.flip().toString();
  }

  /** The last characters. */
  private static CharSequence shown(CharBuffer out) {
    return out.subSequence(Math.max(0, out.length() - 20), out.length());
  }

  /**
   * Ends the text. The next piece begins a new one.
   *
   * @throws MalformedMessageException if the last character is not complete
   */
  public void end() throws MalformedMessageException {
    int missing = rest.length;
    rest = NONE;
    if (missing > 0) {
      throw new MalformedMessageException("a text in UTF-8 ends in the middle of a character");
    }
  }
}
