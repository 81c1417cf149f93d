package io.plainweave.admission;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Keeps whatever a server counts within a {@link Rate}: requests of a client, queries to a
 * database, bytes of a connection or of all.
 *
 * {@snippet file="io/plainweave/admission/RateLimiterTest.java" region="queries"}
 *
 * <p><b>What costs more.</b> Something may count for several. It may begin as soon as there is
 * anything left, and those who come later wait until it is paid for: on average the rate holds.
 *
 * <p><b>Bytes.</b> {@link #limit(InputStream)} and {@link #limit(OutputStream)} are layers for
 * {@link io.plainweave.Duplex#through}, in which each byte counts for one. One limiter may be that
 * of a direction of one connection, of both, or of all connections of a server:
 *
 * {@snippet file="io/plainweave/ByteRateTest.java" region="shape"}
 *
 * <p>A thread that waits here holds no carrier and, in a stream whose rate is at least 16 KiB in
 * its time, no buffer of the connection. It waits for nothing from the peer, so that {@link
 * io.plainweave.TimeLimits#idle()} and {@link io.plainweave.TimeLimits#writeStall()} do not count;
 * {@link io.plainweave.TimeLimits#message()} and {@link io.plainweave.TimeLimits#minReceiveRate()}
 * do.
 *
 * <p>All methods may be called by any thread. Those who wait have their turn in the order in which
 * they came. The time is that of {@link System#nanoTime()}.
 */
public final class RateLimiter {
  /** As much as is read or written at once. */
  private static final int CHUNK = 16 * 1024;

  private final LongSupplier clock;

  /** Held by the one whose turn it is while it waits; the others wait in their order for it. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when the rate is changed. */
  private final Condition changed = lock.newCondition();

  private final RateBucket bucket;

  /** Guarded by lock. */
  private Rate rate;

  private RateLimiter(Rate rate, LongSupplier clock) {
    this.rate = rate;
    this.clock = clock;
    this.bucket = new RateBucket(clock.getAsLong());
  }

  /**
   * Makes a limiter by which nothing has been taken yet.
   *
   * @param rate how often something may happen
   * @return the limiter
   */
  public static RateLimiter of(Rate rate) {
    return of(rate, System::nanoTime);
  }

  /** For tests, by a clock in nanoseconds of their own. */
  static RateLimiter of(Rate rate, LongSupplier clock) {
    return new RateLimiter(rate, clock);
  }

  /**
   * Returns the rate.
   *
   * @return that of this moment
   */
  public Rate rate() {
    lock.lock();
    try {
      return rate;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Changes the rate, also for those who wait now. What has happened just before counts on.
   *
   * {@snippet file="io/plainweave/admission/RateLimiterTest.java" region="change"}
   *
   * @param rate how often something may happen from now on
   */
  public void changeRate(Rate rate) {
    lock.lock();
    try {
      bucket.change(this.rate, rate, clock.getAsLong());
      this.rate = rate;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Notes that something happens, if it may. Never waits.
   *
   * @return false if it would be too often; nothing is noted then
   */
  public boolean tryAcquire() {
    return tryAcquire(1);
  }

  /**
   * Notes that something happens which counts for several, if it may. Never waits.
   *
   * @param count for how many it counts; not negative
   * @return false if there is nothing left; nothing is noted then
   * @throws IllegalArgumentException if the count is negative
   */
  public boolean tryAcquire(int count) {
    notNegative(count);
    lock.lock();
    try {
      long now = clock.getAsLong();
      boolean may = bucket.nanosToNext(rate, now) <= 0;
      if (may) {
        bucket.take(rate, count, now);
      }
      return may;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until something may happen, and notes it.
   *
   * @throws InterruptedException if the thread is interrupted while it waits; nothing is noted then
   */
  public void acquire() throws InterruptedException {
    acquire(1);
  }

  /**
   * Waits until something may happen which counts for several, and notes it.
   *
   * @param count for how many it counts; not negative
   * @throws InterruptedException if the thread is interrupted while it waits; nothing is noted then
   * @throws IllegalArgumentException if the count is negative
   */
  public void acquire(int count) throws InterruptedException {
    notNegative(count);
    turn.lockInterruptibly();
    try {
      lock.lockInterruptibly();
      try {
        for (long wait; (wait = bucket.nanosToNext(rate, clock.getAsLong())) > 0; ) {
          changed.awaitNanos(wait);
        }
        bucket.take(rate, count, clock.getAsLong());
      } finally {
        lock.unlock();
      }
    } finally {
      turn.unlock();
    }
  }

  private static void notNegative(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("the count must not be negative: " + count);
    }
  }

  /**
   * Returns a stream that reads no faster than the rate, a byte counting for one.
   *
   * @param stream the stream to read
   * @return one around it; it fails with an {@link InterruptedIOException} if its thread is
   *     interrupted while it waits
   */
  public InputStream limit(InputStream stream) {
    return new LimitedInput(stream);
  }

  /**
   * Returns a stream that writes no faster than the rate, a byte counting for one. Before it waits,
   * it flushes what was written.
   *
   * @param stream the stream to write
   * @return one around it; it fails with an {@link InterruptedIOException} if its thread is
   *     interrupted while it waits
   */
  public OutputStream limit(OutputStream stream) {
    return new LimitedOutput(stream);
  }

  /** How much may be moved before the next look at the rate: no more than it has in its time. */
  private int chunk() {
    return Math.min(CHUNK, rate().times());
  }

  private void await() throws InterruptedIOException {
    try {
      acquire(0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while it waited for its rate");
    }
  }

  /** Notes what has happened already. */
  private void took(int count) {
    lock.lock();
    try {
      bucket.take(rate, count, clock.getAsLong());
    } finally {
      lock.unlock();
    }
  }

  private final class LimitedInput extends FilterInputStream {
    LimitedInput(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      await();
      int n = in.read(target, offset, Math.min(length, chunk()));
      took(Math.max(n, 0));
      return n;
    }
  }

  private final class LimitedOutput extends FilterOutputStream {
    LimitedOutput(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, source.length);
      for (int done = 0; done < length; ) {
        if (!tryAcquire(0)) {
          out.flush();
          await();
        }
        int n = Math.min(length - done, chunk());
        out.write(source, offset + done, n);
        took(n);
        done += n;
      }
    }
  }
}
