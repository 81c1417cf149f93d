package io.plainweave;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The side of a connection that writes: the bytes to the peer, and what the time limits must know
 * of the wait for room.
 *
 * <p>Small writes are collected in a borrowed buffer, which is given back as soon as it is sent. It
 * is for one thread at a time, like any stream; a second one that sends is told so.
 */
final class ConnectionOutput extends OutputStream {
  private static final AtomicIntegerFieldUpdater<ConnectionOutput> SENDING =
      AtomicIntegerFieldUpdater.newUpdater(ConnectionOutput.class, "sending");

  private final SocketConnection connection;

  /** Replaced by the thread that writes, before it writes on. */
  private Transport transport;

  /** Bytes not yet sent, if any; only the writing thread touches it. */
  private @Nullable ByteBuffer pending;

  /**
   * The thread that has written what is pending. The reading thread compares it with itself: it
   * finds itself here only if it wrote it, so the comparison needs no lock.
   */
  private @Nullable Thread writer;

  /** 1 while a thread sends, otherwise 0. */
  private volatile int sending;

  /** Whether FIN was sent; written by the writing thread, after {@link #finishedAt}. */
  private volatile boolean finished;

  // Written by the writing thread. The reaper may see them a moment late, which a time limit can
  // bear.
  private int finishedAt;
  private int lastSent;
  private long sent;

  ConnectionOutput(SocketConnection connection, Transport transport) {
    this.connection = connection;
    this.transport = transport;
    this.lastSent = connection.openedAt();
  }

  // For the writer

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
        sendNow(full.flip());
      } finally {
        release();
      }
    }
  }

  /** Finishes the output of the connection, as {@link Connection#finishOutput()} does. */
  @Override
  public void close() throws IOException {
    if (finished) {
      return;
    }
    flush();
    finishedAt = connection.now();
    lastSent = finishedAt;
    finished = true;
    // It may have to wait for room, unless it cuts what another thread is writing.
    boolean first = SENDING.compareAndSet(this, 0, 1);
    try {
      if (first) {
        transport.finishOutput();
      } else {
        connection.channel().finishOutput();
      }
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      if (first) {
        sending = 0;
      }
    }
  }

  /** Sends all of the bytes, behind what is pending. */
  void send(ByteBuffer source) throws IOException {
    flush();
    sendNow(source);
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

  /** Writes by another transport from now on; what is pending was flushed. */
  void use(Transport transport) {
    this.transport = transport;
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
      ensureNotFinished();
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
      source.limit(Math.min(end, source.position() + BufferPool.LARGE_BUFFER_SIZE));
      send(source);
    }
  }

  private void sendNow(ByteBuffer source) throws IOException {
    ensureNotFinished();
    lastSent = connection.now();
    if (!SENDING.compareAndSet(this, 0, 1)) {
      throw new ConnectionBusyException("writing to");
    }
    try {
      while (source.hasRemaining() || transport.hasUnsent()) {
        int before = source.remaining();
        boolean moves = transport.write(source) > 0;
        sent += before - source.remaining();
        if (moves) {
          lastSent = connection.now();
        } else if (source.hasRemaining() || transport.hasUnsent()) {
          transport.awaitWritable();
        }
      }
    } catch (IOException e) {
      throw connection.failed(e);
    } finally {
      sending = 0;
    }
  }

  private void ensureNotFinished() throws IOException {
    if (finished) {
      throw new IOException("the output is finished: nothing can be written after finishOutput()");
    }
  }

  // For the reaper

  /** Whether a thread is sending, or waiting for room to send. */
  boolean isSending() {
    return sending != 0;
  }

  boolean isFinished() {
    return finished;
  }

  /** Whether everything was sent, and more can be. */
  boolean isAtRest() {
    return pending == null && !isSending() && !finished;
  }

  int finishedAt() {
    return finishedAt;
  }

  int lastSent() {
    return lastSent;
  }

  long sent() {
    return sent;
  }
}
