package io.plainweave.internal.transport;

import io.plainweave.internal.time.Cooldown;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lends buffers to connections that have bytes in hand. A connection that waits holds none, so
 * there are about as many buffers as connections at work, not as connections.
 *
 * <p>The buffers are direct: the kernel copies into them and out of them, where a heap buffer would
 * go through one more copy inside the JDK. Only those for records of TLS are not: what the JDK
 * encrypts in a direct buffer it copies twice. The last one given back is lent first, since it is
 * still in the processor's cache.
 *
 * <p>A peer that does not read keeps a buffer as long as it keeps its connection. Where many of
 * them have taken the direct memory, buffers come from the heap, one by one and at the price of a
 * copy, so that others are served.
 */
public final class BufferPool {
  /** Large enough that a system call costs little against the bytes it moves. */
  public static final int BUFFER_SIZE = 16 * 1024;

  /**
   * For a stream that fills the others: it then pays to move more at once, and to wait less often.
   */
  public static final int LARGE_BUFFER_SIZE = 128 * 1024;

  /**
   * For a whole record of TLS and its overhead, as the JDK counts it (16,709 bytes), behind those
   * of a handshake that go together.
   */
  static final int RECORD_BUFFER_SIZE = 20 * 1024;

  /** For four records of a stream that fills them. */
  static final int RECORDS_BUFFER_SIZE = 68 * 1024;

  private final Kept buffers = new Kept(1024, true);
  private final Kept recordBuffers = new Kept(1024, false);
  private final Kept recordsBuffers = new Kept(64, false);
  private final Kept largeBuffers = new Kept(64, true);

  private final DirectMemory direct;

  /** How many buffers were made on the heap for want of direct memory. */
  private final AtomicInteger onHeap = new AtomicInteger();

  // For the reaper's thread only.
  private final Cooldown cooldown = new Cooldown();
  private int told;

  public BufferPool(DirectMemory direct) {
    this.direct = direct;
  }

  /**
   * Returns an empty buffer of {@link #BUFFER_SIZE} bytes that is the caller's until it gives it
   * back.
   */
  public ByteBuffer take() {
    ByteBuffer buffer = buffers.poll();
    if (buffer != null) {
      return buffer;
    }
    ByteBuffer made = makeDirect(BUFFER_SIZE);
    if (made != null) {
      return made;
    }
    onHeap.incrementAndGet();
    return ByteBuffer.allocate(BUFFER_SIZE);
  }

  /** Null if there is no direct memory for it. */
  private @Nullable ByteBuffer makeDirect(int size) {
    if (direct.hasRoomFor(size)) {
      try {
        return ByteBuffer.allocateDirect(size);
      } catch (OutOfMemoryError e) {
        // Others were faster, or the heap has no room for what stands for it.
      }
    }
    return null;
  }

  /** The same of {@link #LARGE_BUFFER_SIZE} bytes, or less if memory is scarce. */
  public ByteBuffer takeLarge() {
    ByteBuffer buffer = largeBuffers.poll();
    if (buffer != null) {
      return buffer;
    }
    ByteBuffer made = makeDirect(LARGE_BUFFER_SIZE);
    return made != null ? made : take();
  }

  /** The same of {@link #RECORD_BUFFER_SIZE} bytes. */
  ByteBuffer takeRecord() {
    ByteBuffer buffer = recordBuffers.poll();
    return buffer != null ? buffer : ByteBuffer.allocate(RECORD_BUFFER_SIZE);
  }

  /** The same of {@link #RECORDS_BUFFER_SIZE} bytes. */
  ByteBuffer takeRecords() {
    ByteBuffer buffer = recordsBuffers.poll();
    return buffer != null ? buffer : ByteBuffer.allocate(RECORDS_BUFFER_SIZE);
  }

  /** Takes a buffer back; the caller must not use it any more. */
  public void give(ByteBuffer buffer) {
    buffer.clear();
    Kept kept =
        switch (buffer.capacity()) {
          case BUFFER_SIZE -> buffers;
          case RECORD_BUFFER_SIZE -> recordBuffers;
          case RECORDS_BUFFER_SIZE -> recordsBuffers;
          default -> largeBuffers;
        };
    kept.add(buffer);
  }

  /**
   * How many buffers from the heap are to be told of, since direct memory is short; 0 for none. For
   * the reaper.
   */
  public int unreported(int now) {
    int made = onHeap.get();
    if (made == told || !cooldown.isOver(now)) {
      return 0;
    }
    int more = made - told;
    told = made;
    return more;
  }

  public DirectMemory direct() {
    return direct;
  }

  /** Buffers of one size that are not lent. */
  private static final class Kept {
    /** What is given back beyond this many is left to the garbage collector. */
    private final int most;

    /** Others are substitutes, and are left to the garbage collector as well. */
    private final boolean isDirect;

    /**
     * The buffer given back last, which is as a rule the only one: connections on one carrier take
     * turns with it.
     */
    private final AtomicReference<@Nullable ByteBuffer> latest = new AtomicReference<>();

    private final ReentrantLock lock = new ReentrantLock();

    /** Guarded by lock. */
    private final ArrayDeque<ByteBuffer> others = new ArrayDeque<>();

    Kept(int most, boolean isDirect) {
      this.most = most;
      this.isDirect = isDirect;
    }

    @Nullable ByteBuffer poll() {
      ByteBuffer last = latest.getAndSet(null);
      if (last != null) {
        return last;
      }
      lock.lock();
      try {
        return others.pollFirst();
      } finally {
        lock.unlock();
      }
    }

    void add(ByteBuffer buffer) {
      if (buffer.isDirect() != isDirect || latest.compareAndSet(null, buffer)) {
        return;
      }
      lock.lock();
      try {
        if (others.size() < most) {
          others.addFirst(buffer);
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
