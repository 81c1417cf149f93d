package io.plainweave;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bytes from the peer. Between two messages it holds a few bytes of buffer to wait on, and
 * borrows a large buffer only while there are bytes for it.
 *
 * <p>Not safe for use by several threads at a time, like any stream.
 */
final class ConnectionInput extends InputStream {
  /**
   * What a connection waits on: enough for a small message in one read, little enough to be held by
   * a million.
   */
  private static final int PARK_SIZE = 128;

  private final SocketConnection connection;

  /** The small buffer, made at the first wait; only the reading thread touches it. */
  private @Nullable ByteBuffer park;

  /**
   * Bytes not yet given to the reader, in {@link #park} or in a borrowed buffer; only the reading
   * thread touches it.
   */
  private @Nullable ByteBuffer bytes;

  ConnectionInput(SocketConnection connection) {
    this.connection = connection;
  }

  @Override
  public int read() throws IOException {
    ByteBuffer from = fill();
    if (from == null) {
      return -1;
    }
    int b = from.get() & 0xff;
    releaseIfEmpty(from);
    return b;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (bytes == null && length >= PARK_SIZE) {
      return connection.receive(ByteBuffer.wrap(target, offset, length));
    }
    ByteBuffer from = fill();
    if (from == null) {
      return -1;
    }
    int n = Math.min(length, from.remaining());
    from.get(target, offset, n);
    releaseIfEmpty(from);
    return n;
  }

  @Override
  public int available() throws IOException {
    return buffered() + connection.available();
  }

  @Override
  public long transferTo(OutputStream out) throws IOException {
    if (!(out instanceof ConnectionOutput output)) {
      return super.transferTo(out);
    }
    long total = 0;
    for (ByteBuffer from; (from = fill()) != null; ) {
      total += from.remaining();
      output.send(from);
      releaseIfEmpty(from);
    }
    return total;
  }

  /** Waits until there is a byte to read; false at the end of input. */
  boolean fillBuffer() throws IOException {
    return fill() != null;
  }

  /** How many bytes were received and not yet read. */
  int buffered() {
    return bytes == null ? 0 : bytes.remaining();
  }

  /** Gives back what is borrowed; called by the connection at its end. */
  void release() {
    ByteBuffer from = bytes;
    if (from != null) {
      from.position(from.limit());
      releaseIfEmpty(from);
    }
  }

  /** Returns bytes to read, after a wait if there are none, or null at the end of input. */
  private @Nullable ByteBuffer fill() throws IOException {
    if (bytes != null) {
      return bytes;
    }
    if (park == null) {
      park = ByteBuffer.allocate(PARK_SIZE);
    }
    park.clear();
    if (connection.receive(park) < 0) {
      return null;
    }
    park.flip();
    bytes = park.remaining() == PARK_SIZE ? continueInLarge(park) : park;
    return bytes;
  }

  /**
   * Takes up what lies in the socket behind a full small buffer. It reads only what is there: a
   * wait would hold the large buffer.
   */
  private ByteBuffer continueInLarge(ByteBuffer small) throws IOException {
    if (connection.available() == 0) {
      return small;
    }
    ByteBuffer large = connection.buffers().take().put(small);
    // An end of input that comes right here is seen by the next wait.
    connection.receiveMore(large);
    return large.flip();
  }

  private void releaseIfEmpty(ByteBuffer from) {
    if (!from.hasRemaining()) {
      bytes = null;
      if (from.isDirect()) {
        connection.buffers().give(from);
      }
    }
  }
}
