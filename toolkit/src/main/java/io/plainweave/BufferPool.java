package io.plainweave;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lends buffers to connections that have bytes in hand. A connection that waits holds none, so
 * there are about as many buffers as connections at work, not as connections.
 *
 * <p>The buffers are direct: the kernel copies into them and out of them, where a heap buffer would
 * go through one more copy inside the JDK. The last one given back is lent first, since it is still
 * in the processor's cache.
 */
final class BufferPool {
  /** Large enough that a system call costs little against the bytes it moves. */
  static final int BUFFER_SIZE = 16 * 1024;

  /** What is given back beyond this many is left to the garbage collector. */
  private static final int MOST_KEPT = 1024;

  /**
   * The buffer given back last, which is as a rule the only one: connections on one carrier take
   * turns with it.
   */
  private final AtomicReference<@Nullable ByteBuffer> latest = new AtomicReference<>();

  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by lock. */
  private final ArrayDeque<ByteBuffer> kept = new ArrayDeque<>();

  /**
   * Returns an empty buffer of {@link #BUFFER_SIZE} bytes that is the caller's until it gives it
   * back.
   */
  ByteBuffer take() {
    ByteBuffer last = latest.getAndSet(null);
    if (last != null) {
      return last;
    }
    lock.lock();
    try {
      ByteBuffer buffer = kept.pollFirst();
      if (buffer != null) {
        return buffer;
      }
    } finally {
      lock.unlock();
    }
    return ByteBuffer.allocateDirect(BUFFER_SIZE);
  }

  /** Takes a buffer back; the caller must not use it any more. */
  void give(ByteBuffer buffer) {
    buffer.clear();
    if (latest.compareAndSet(null, buffer)) {
      return;
    }
    lock.lock();
    try {
      if (kept.size() < MOST_KEPT) {
        kept.addFirst(buffer);
      }
    } finally {
      lock.unlock();
    }
  }
}
