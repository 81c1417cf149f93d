package io.plainweave.proxyprotocol;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Finds out how long a header is while it reads it, so that it takes nothing behind it. */
final class HeaderReader {
  /** The shortest header there is: this much can be read before it is known where it ends. */
  private static final int SHORTEST = "PROXY UNKNOWN\r\n".length();

  private final InputStream in;
  private final int maxBytes;

  private byte[] bytes = new byte[TextFormat.LONGEST];
  private int size;

  HeaderReader(InputStream in, int maxBytes) {
    this.in = in;
    this.maxBytes = maxBytes;
  }

  @Nullable ProxyHeader read() throws IOException {
    while (size < SHORTEST) {
      int n = in.read(bytes, size, SHORTEST - size);
      if (n < 0 && size == 0) {
        return null;
      }
      count(n);
      if (!beginsWith(TextFormat.PREFIX) && !beginsWith(BinaryFormat.SIGNATURE)) {
        throw malformed("it begins neither like version 1 nor like version 2");
      }
    }
    try {
      return beginsWith(TextFormat.PREFIX) ? readText() : readBinary();
    } catch (IllegalArgumentException e) {
      // What cannot be written cannot be a header either.
      throw malformed(String.valueOf(e.getMessage()));
    }
  }

  private ProxyHeader readText() throws IOException {
    while (!TextFormat.isComplete(bytes, size)) {
      readUpTo(size + 1);
    }
    return TextFormat.decode(bytes, size);
  }

  private ProxyHeader readBinary() throws IOException {
    readUpTo(BinaryFormat.START);
    int whole = BinaryFormat.START + BinaryFormat.checkStart(bytes);
    if (whole > maxBytes) {
      throw new IllegalArgumentException(
          "it would have " + whole + " bytes, and the limit is " + maxBytes);
    }
    bytes = Arrays.copyOf(bytes, whole);
    readUpTo(whole);
    return BinaryFormat.decode(bytes, whole);
  }

  private void readUpTo(int end) throws IOException {
    while (size < end) {
      count(in.read(bytes, size, end - size));
    }
  }

  private void count(int read) throws EOFException {
    if (read < 0) {
      throw new EOFException(
          "the peer has finished within its PROXY header: " + Escape.quote(bytes, size));
    }
    size += read;
  }

  private boolean beginsWith(byte[] prefix) {
    int n = Math.min(size, prefix.length);
    return Arrays.equals(bytes, 0, n, prefix, 0, n);
  }

  private ProtocolException malformed(String why) {
    return new ProtocolException(
        "what the peer has sent is no PROXY header: " + why + ": " + Escape.quote(bytes, size));
  }
}
