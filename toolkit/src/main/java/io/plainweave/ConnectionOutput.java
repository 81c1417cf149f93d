package io.plainweave;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bytes to the peer. Small writes are collected in a borrowed buffer, which is given back as
 * soon as it is sent.
 *
 * <p>Not safe for use by several threads at a time, like any stream.
 */
final class ConnectionOutput extends OutputStream {
  private final SocketConnection connection;

  /** Bytes not yet sent, if any; only the writing thread touches it. */
  private @Nullable ByteBuffer pending;

  /**
   * The thread that has written what is pending. The reading thread compares it with itself: it
   * finds itself here only if it wrote it, so the comparison needs no lock.
   */
  private @Nullable Thread writer;

  ConnectionOutput(SocketConnection connection) {
    this.connection = connection;
  }

  @Override
  public void write(int b) throws IOException {
    ByteBuffer to = room();
    to.put((byte) b);
    if (!to.hasRemaining()) {
      flush();
    }
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    if (length >= BufferPool.BUFFER_SIZE) {
      flush();
      sendInSlices(ByteBuffer.wrap(source, offset, length));
      return;
    }
    int done = 0;
    while (done < length) {
      ByteBuffer to = room();
      int n = Math.min(length - done, to.remaining());
      to.put(source, offset + done, n);
      done += n;
      if (!to.hasRemaining()) {
        flush();
      }
    }
  }

  @Override
  public void flush() throws IOException {
    ByteBuffer full = pending;
    if (full != null) {
      try {
        connection.send(full.flip());
      } finally {
        release();
      }
    }
  }

  /** Finishes the output of the connection. */
  @Override
  public void close() throws IOException {
    connection.finishOutput();
  }

  /** Sends bytes from a borrowed buffer, behind what is pending. */
  void send(ByteBuffer source) throws IOException {
    flush();
    connection.send(source);
  }

  /**
   * Flushes what the calling thread has written; what another thread is writing is that thread's
   * business.
   */
  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  void flushOwn() throws IOException {
    if (writer == Thread.currentThread()) {
      flush();
    }
  }

  /** Drops what is pending and gives its buffer back. */
  void release() {
    ByteBuffer full = pending;
    if (full != null) {
      pending = null;
      writer = null;
      connection.buffers().give(full);
    }
  }

  private ByteBuffer room() throws IOException {
    ByteBuffer to = pending;
    if (to == null) {
      to = connection.buffers().take();
      pending = to;
      writer = Thread.currentThread();
    }
    return to;
  }

  /**
   * The JDK copies a heap buffer to a native one of the same size at each attempt: large ones go in
   * slices.
   */
  private void sendInSlices(ByteBuffer source) throws IOException {
    int end = source.limit();
    while (source.position() < end) {
      source.limit(Math.min(end, source.position() + 4 * BufferPool.BUFFER_SIZE));
      connection.send(source);
    }
  }
}
