package io.plainweave.internal.connection;

import io.plainweave.ConnectionScope;
import io.plainweave.Deadline;
import io.plainweave.clock.Clock;
import io.plainweave.internal.thread.Uninterrupted;
import io.plainweave.internal.time.DeadlineWait;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of bytes in front of the output of a connection, and the task that sends them
 * ({@link ConnectionScope#bufferOutput}). While it runs it is the only one to write to the socket:
 * who writes waits for it only while the queue is full, and never for the peer.
 *
 * <p>It flushes whenever its queue is empty, so that nobody has to.
 */
final class OutputBuffer extends OutputStream implements ConnectionScope.Task {
  private static final int CHUNK = 16 * 1024;

  /** Of the first chunk in the queue: most replies are short, and are sent at once. */
  private static final int SMALL_CHUNK = 1024;

  private final Wire connection;
  private final int maxBytes;
  private final Thread owner = Thread.currentThread();
  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when the queue is not empty any more, and at the end. */
  private final Condition notEmpty = lock.newCondition();

  /** Signalled when some bytes were sent or all are flushed, and at the end. */
  private final Condition progress = lock.newCondition();

  /** What is to be sent, filled at the tail; guarded by lock. */
  private final Deque<ByteBuffer> chunks = new ArrayDeque<>(1);

  /**
   * How many bytes are here, with those that are being sent; some for good if that has failed.
   * Guarded by lock.
   */
  private int size;

  /** Whether all that came here was flushed; guarded by lock. */
  private boolean flushed = true;

  /** Whether the task is to end when all is sent; guarded by lock. */
  private boolean ending;

  /** Whether it has, so that whoever writes now does it as without this; guarded by lock. */
  private boolean ended;

  /** Whether the task has ended before that; guarded by lock. */
  private boolean failed;

  OutputBuffer(Wire connection, int maxBytes) {
    this.connection = connection;
    this.maxBytes = maxBytes;
  }

  // For those who write

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    int done = 0;
    lock.lock();
    try {
      while (done < length && awaitRoom()) {
        done += keep(source, offset + done, length - done);
      }
    } finally {
      lock.unlock();
    }
    if (done < length) {
      connection.socketOutput().write(source, offset + done, length - done);
    }
  }

  void write(ByteBuffer source) throws IOException {
    var some = new byte[Math.min(source.remaining(), CHUNK)];
    while (source.hasRemaining()) {
      int n = Math.min(some.length, source.remaining());
      source.get(some, 0, n);
      write(some, 0, n);
    }
  }

  /** Writes a part of a file; returns how many bytes that were. */
  long write(FileChannel file, long begin, long end) throws IOException {
    long position = begin;
    while (position < end) {
      ByteBuffer some = ByteBuffer.allocate((int) Math.min(CHUNK, end - position));
      int n = read(file, some, position);
      if (n <= 0) {
        break;
      }
      position += n;
      write(some.flip());
    }
    return position - begin;
  }

  /** An interrupt while it reads would close the file, which may be that of others, too. */
  private static int read(FileChannel file, ByteBuffer target, long position) throws IOException {
    try {
      return Uninterrupted.call("read", () -> file.read(target, position), () -> {});
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("reading throws no such thing", e);
    }
  }

  /** Waits until there is room for a byte at least, or nothing is kept any more. */
  void awaitRoomToWrite() throws IOException {
    lock.lock();
    try {
      awaitRoom();
    } finally {
      lock.unlock();
    }
  }

  /** Does not wait for what is here, which is sent as soon as there is room for it. */
  @Override
  public void flush() throws IOException {
    connection.socketOutput().flushOwn();
  }

  /**
   * Finishes the output of the connection, as {@link io.plainweave.Connection#finishOutput()} does.
   */
  @Override
  public void close() throws IOException {
    connection.finishOutput();
  }

  /** Waits until all that is here is sent. */
  void awaitFlushed() throws IOException {
    lock.lock();
    try {
      await(() -> flushed);
    } finally {
      lock.unlock();
    }
  }

  /** Lets the task end when all is sent. */
  void finish() {
    lock.lock();
    try {
      ending = true;
      notEmpty.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the calling thread has opened the scope in which it runs. */
  @SuppressWarnings("ReferenceEquality") // a thread is itself only
  boolean isOwner() {
    return Thread.currentThread() == owner;
  }

  /** Whether there are bytes here that were not sent, and perhaps will not be. */
  boolean isKept() {
    lock.lock();
    try {
      return size > 0;
    } finally {
      lock.unlock();
    }
  }

  /** False if nobody sends any more; called under lock. */
  private boolean awaitRoom() throws IOException {
    connection.socketOutput().ensureNotFinished();
    failIfClosed();
    await(() -> size < maxBytes || ended);
    return !ended;
  }

  /**
   * Called under lock. An interrupt closes the connection, as in every wait of a writer, unless it
   * is none of its business.
   */
  private void await(BooleanSupplier condition) throws IOException {
    boolean interrupted = false;
    try {
      while (!condition.getAsBoolean()) {
        failIfClosed();
        try {
          if (DeadlineWait.isOver()) {
            throw connection.failed(connection.deadlineExceeded());
          }
          Optional<Duration> left = Deadline.remaining();
          if (left.isEmpty()) {
            progress.await();
          } else {
            long nanos = TimeUnit.NANOSECONDS.convert(left.get());
            progress.awaitNanos(Clock.current().mostToWait(nanos));
          }
        } catch (InterruptedException e) {
          interrupted = true;
          if (connection.isCutByInterrupt()) {
            throw connection.failed(new InterruptedIOException());
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Called under lock. */
  private void failIfClosed() throws IOException {
    // A task whose scope was cancelled before it has begun never runs, and does not tell.
    if (failed || connection.reason() != null) {
      throw connection.closed(null);
    }
  }

  /** Takes what there is room for, at least one byte; called under lock. */
  private int keep(byte[] source, int offset, int length) {
    int n = Math.min(length, maxBytes - size);
    ByteBuffer tail = chunks.peekLast();
    if (tail == null || !tail.hasRemaining()) {
      int least = tail == null ? SMALL_CHUNK : CHUNK;
      tail = ByteBuffer.allocate(Math.min(Math.clamp(n, least, CHUNK), maxBytes));
      chunks.add(tail);
    }
    n = Math.min(n, tail.remaining());
    tail.put(source, offset, n);
    size += n;
    flushed = false;
    notEmpty.signal();
    return n;
  }

  // For the thread that sends

  @Override
  @SuppressWarnings("ByteBufferBackingArray") // the chunks are allocated here
  public void run() throws IOException, InterruptedException {
    try {
      OutputStream output = connection.socketOutput();
      do {
        for (ByteBuffer chunk; (chunk = poll()) != null; ) {
          output.write(chunk.array(), 0, chunk.position());
          sent(chunk.position());
        }
        output.flush();
      } while (awaitBytes());
    } finally {
      end();
    }
  }

  private @Nullable ByteBuffer poll() {
    lock.lock();
    try {
      return chunks.poll();
    } finally {
      lock.unlock();
    }
  }

  /** The bytes are the business of the connection's output by now. */
  private void sent(int count) {
    lock.lock();
    try {
      size -= count;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for bytes to send, after a flush; false if there will be none any more. */
  private boolean awaitBytes() throws InterruptedException {
    lock.lock();
    try {
      while (size == 0) {
        flushed = true;
        progress.signalAll();
        if (ending) {
          ended = true;
          return false;
        }
        notEmpty.await();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      failed = !ended;
      chunks.clear();
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
