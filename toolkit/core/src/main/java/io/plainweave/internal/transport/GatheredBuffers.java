package io.plainweave.internal.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Several buffers that go to a plain socket together, in slices that are one system call each where
 * there is room. The JDK copies what is on the heap at each attempt, so a slice is not too large.
 */
public final class GatheredBuffers {
  public static final Mover<GatheredBuffers> SLICE =
      new Mover<>() {
        @Override
        public boolean isOver(GatheredBuffers source) {
          return source.remaining == 0;
        }

        @Override
        public long position(GatheredBuffers source) {
          return -source.remaining;
        }

        @Override
        public boolean move(GatheredBuffers source, Transport transport) throws IOException {
          long n =
              transport == source.channel
                  ? source.channel.write(source.buffers, source.begin, source.end - source.begin)
                  : source.moveOne(transport);
          source.remaining -= n;
          return n > 0;
        }
      };

  private final PolledChannel channel;
  private final ByteBuffer[] buffers;

  // The slice: from begin to end, and how much of it is not sent yet.
  private int begin;
  private int end;
  private long remaining;

  /** Of the last buffer of the slice, while it is cut short. */
  private int limit;

  /** Where somebody looks at what passes, it passes one by one. */
  private int moveOne(Transport transport) throws IOException {
    int next = begin;
    while (!buffers[next].hasRemaining()) {
      next++;
    }
    return transport.write(buffers[next]);
  }

  public GatheredBuffers(PolledChannel channel, ByteBuffer... buffers) {
    this.channel = channel;
    this.buffers = buffers;
  }

  /** Goes on to the next slice; false if there is none. */
  public boolean next() {
    begin = end;
    while (begin < buffers.length && !buffers[begin].hasRemaining()) {
      begin++;
    }
    end = begin;
    while (end < buffers.length && remaining < BufferPool.LARGE_BUFFER_SIZE) {
      remaining += buffers[end++].remaining();
    }
    if (end == begin) {
      return false;
    }
    ByteBuffer last = buffers[end - 1];
    limit = last.limit();
    if (remaining > BufferPool.LARGE_BUFFER_SIZE) {
      last.limit(limit - (int) (remaining - BufferPool.LARGE_BUFFER_SIZE));
      remaining = BufferPool.LARGE_BUFFER_SIZE;
    }
    return true;
  }

  /** Ends the slice: what of the last buffer does not belong to it begins the next one. */
  public void endSlice() {
    ByteBuffer last = buffers[end - 1];
    last.limit(limit);
    if (last.hasRemaining()) {
      end--;
    }
  }
}
