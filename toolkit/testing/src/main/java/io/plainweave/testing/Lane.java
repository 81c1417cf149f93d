package io.plainweave.testing;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection in memory: the bytes on their way, and what has become of the two
 * ends. All of it is guarded by the lock of the {@link MemoryWire}.
 */
final class Lane {
  /** What was sent, a number of bytes or the end, and when it arrives. */
  private record Sent(long due, int bytes) {}

  private static final int END = -1;

  private final Link link;
  private final Timer timer;
  private final @Nullable Random chance;
  private final byte[] ring;

  /** Where the next byte is read, and how many are in the ring, arrived or not. */
  private int head;

  private int count;

  /** How many of them have arrived. */
  private int arrived;

  /** What has not arrived, in order. */
  private final Queue<Sent> underWay = new ArrayDeque<>();

  private long taken;
  private long read;
  private int cut;
  private long delivered;
  private int reads;

  private boolean finishedByWriter;
  private boolean endArrived;
  private boolean reset;
  private boolean readerGone;
  private boolean stalled;

  Lane(Link link, Timer timer) {
    this.link = link;
    this.timer = timer;
    this.chance = link.seed() == null ? null : new Random(link.seed());
    this.ring = new byte[link.bufferBytes()];
  }

  // For the writer

  /** Whether a write has something to tell. */
  boolean isWritable() {
    return count < ring.length || reset || readerGone;
  }

  boolean isReaderGone() {
    return readerGone;
  }

  /** Whether the next byte is lost with the connection. */
  boolean isToBreak() {
    return link.resetAfter() >= 0 && taken >= link.resetAfter();
  }

  /** Takes over what there is room for; returns how many bytes that are. */
  int take(ByteBuffer source) {
    long most = Math.min(source.remaining(), ring.length - count);
    if (link.resetAfter() >= 0) {
      most = Math.min(most, link.resetAfter() - taken);
    }
    int n = (int) most;
    for (int i = 0; i < n; i++) {
      ring[(head + count + i) % ring.length] = source.get();
    }
    count += n;
    taken += n;
    if (n > 0) {
      send(n);
    }
    return n;
  }

  void finish() {
    if (!finishedByWriter) {
      finishedByWriter = true;
      send(END);
    }
  }

  private void send(int bytes) {
    underWay.add(new Sent(timer.nanoTime() + link.delay().toNanos(), bytes));
  }

  /** How long what was sent is on its way, in nanoseconds. */
  long delay() {
    return link.delay().toNanos();
  }

  /** Lets arrive what is due; returns whether something has. */
  boolean deliver() {
    boolean some = false;
    for (Sent next; (next = underWay.peek()) != null && isDue(next); underWay.remove()) {
      some = true;
      if (next.bytes == END) {
        endArrived = !isSilent();
      } else {
        long room = isSilentEver() ? link.silentAfter() - delivered : Long.MAX_VALUE;
        int n = (int) Math.min(next.bytes, Math.max(0, room));
        arrived += n;
        delivered += next.bytes;
      }
    }
    return some;
  }

  private boolean isDue(Sent sent) {
    return timer.nanoTime() - sent.due >= 0;
  }

  private boolean isSilentEver() {
    return link.silentAfter() >= 0;
  }

  private boolean isSilent() {
    return isSilentEver() && delivered >= link.silentAfter();
  }

  // For the reader

  /** Whether a read has something to tell. */
  boolean isReadable() {
    return !stalled && (arrived > 0 || endArrived) || reset;
  }

  int available() {
    return stalled ? 0 : arrived;
  }

  boolean hasUnread() {
    return count > 0;
  }

  /**
   * Reads what has arrived.
   *
   * @return how many bytes, 0 if there is nothing, -1 at the end
   * @throws SocketException if the connection was reset
   */
  int read(ByteBuffer target) throws IOException {
    if (isReadable() && !reset && target.hasRemaining() && ++reads == link.resetAtRead()) {
      throw new ResetAtReadException();
    }
    if (!stalled && arrived > 0) {
      int n = Math.min(Math.min(arrived, target.remaining()), piece());
      for (int i = 0; i < n; i++) {
        target.put(ring[(head + i) % ring.length]);
      }
      head = (head + n) % ring.length;
      read += n;
      count -= n;
      arrived -= n;
      return n;
    }
    if (reset) {
      throw new SocketException("Connection reset");
    }
    return !stalled && endArrived ? -1 : 0;
  }

  private int piece() {
    while (cut < link.cuts().size() && link.cuts().get(cut) <= read) {
      cut++;
    }
    long most = cut < link.cuts().size() ? link.cuts().get(cut) - read : link.mostAtOnce();
    return (int) (chance == null ? most : 1 + chance.nextLong(Math.min(most, ring.length)));
  }

  /** The reset that a description has asked for. */
  static final class ResetAtReadException extends SocketException {
    ResetAtReadException() {
      super("Connection reset");
    }
  }

  // For both

  void reset() {
    reset = true;
  }

  boolean isReset() {
    return reset;
  }

  void readerGone() {
    readerGone = true;
  }

  void stall(boolean stalls) {
    stalled = stalls;
  }
}
