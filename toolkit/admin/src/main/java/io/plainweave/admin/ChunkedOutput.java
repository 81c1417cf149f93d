package io.plainweave.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/** Sends what is written in chunks (RFC 9112, section 7.1), each as large as its buffer. */
final class ChunkedOutput extends OutputStream {
  private static final int ROOM = 8 * 1024;

  private final OutputStream out;
  private final byte[] chunk = new byte[ROOM];
  private int size;

  ChunkedOutput(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int b) throws IOException {
    if (size == ROOM) {
      send();
    }
    chunk[size++] = (byte) b;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    for (int done = 0; done < length; ) {
      if (size == ROOM) {
        send();
      }
      int piece = Math.min(length - done, ROOM - size);
      System.arraycopy(bytes, offset + done, chunk, size, piece);
      size += piece;
      done += piece;
    }
  }

  private void send() throws IOException {
    if (size > 0) { // an empty one would be the last
      out.write((Integer.toHexString(size) + "\r\n").getBytes(US_ASCII));
      out.write(chunk, 0, size);
      out.write("\r\n".getBytes(US_ASCII));
      size = 0;
    }
  }

  /** Sends the rest, and the chunk that says that this was all. */
  void writeLast() throws IOException {
    send();
    out.write("0\r\n\r\n".getBytes(US_ASCII));
  }
}
