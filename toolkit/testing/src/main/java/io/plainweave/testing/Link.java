package io.plainweave.testing;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How bytes travel in memory, in one direction: a description, immutable, of which one may serve
 * any number of connections. {@link #PLAIN} is as good as a network can be.
 *
 * @param bufferBytes how many bytes may be on their way before a write has to wait; at least 1
 * @param mostAtOnce how many bytes a read gets at most; at least 1
 * @param seed if not null, each read gets a number of bytes chosen by chance, up to {@code
 *     mostAtOnce}; the same seed chooses the same numbers
 * @param delay how long each byte is on its way, by the clock of the network; zero for no time
 * @param resetAfter after so many bytes the connection is lost, for both sides by a reset; negative
 *     for never
 * @param silentAfter after so many bytes nothing arrives any more, and nobody is told; negative for
 *     never
 * @param resetAtRead the read that meets a reset, 1 for the first; zero for none
 * @param cuts places in the stream over which no read goes: after so many bytes, in order
 */
public record Link(
    int bufferBytes,
    int mostAtOnce,
    @Nullable Long seed,
    Duration delay,
    long resetAfter,
    long silentAfter,
    int resetAtRead,
    List<Integer> cuts) {

  /** Room for 64 KiB, all at once, without a delay or a fault. */
  public static final Link PLAIN =
      new Link(64 * 1024, Integer.MAX_VALUE, null, Duration.ZERO, -1, -1, 0, List.of());

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public Link {
    cuts = List.copyOf(cuts);
    if (bufferBytes < 1) {
      throw new IllegalArgumentException("bufferBytes must be at least 1: " + bufferBytes);
    }
    if (mostAtOnce < 1) {
      throw new IllegalArgumentException("mostAtOnce must be at least 1: " + mostAtOnce);
    }
    if (delay.isNegative()) {
      throw new IllegalArgumentException("delay must not be negative: " + delay);
    }
    if (resetAtRead < 0) {
      throw new IllegalArgumentException("resetAtRead must not be negative: " + resetAtRead);
    }
  }

  /**
   * Returns this description with another {@link #bufferBytes()}.
   *
   * @param bytes at least 1
   * @return the description
   * @throws IllegalArgumentException if it is less than 1
   */
  public Link bufferBytes(int bytes) {
    return new Link(bytes, mostAtOnce, seed, delay, resetAfter, silentAfter, resetAtRead, cuts);
  }

  /**
   * Returns this description with reads that get so many bytes at most: 1 for a byte at a time.
   *
   * @param bytes at least 1
   * @return the description
   * @throws IllegalArgumentException if it is less than 1
   */
  public Link chopped(int bytes) {
    return new Link(bufferBytes, bytes, null, delay, resetAfter, silentAfter, resetAtRead, cuts);
  }

  /**
   * Returns this description with reads that get from 1 to so many bytes, by chance.
   *
   * @param bytes the most, at least 1
   * @param seed chooses the numbers
   * @return the description
   * @throws IllegalArgumentException if {@code bytes} is less than 1
   */
  public Link choppedByChance(int bytes, long seed) {
    return new Link(bufferBytes, bytes, seed, delay, resetAfter, silentAfter, resetAtRead, cuts);
  }

  /**
   * Returns this description with another {@link #delay()}.
   *
   * @param time not negative
   * @return the description
   * @throws IllegalArgumentException if it is negative
   */
  public Link delay(Duration time) {
    return new Link(
        bufferBytes, mostAtOnce, seed, time, resetAfter, silentAfter, resetAtRead, cuts);
  }

  /**
   * Returns this description with a loss of the connection: when so many bytes have been taken
   * over, the next one finds that the connection is gone, and both sides meet a reset. What was
   * taken over before can still be read.
   *
   * @param bytes zero for the first byte already
   * @return the description
   */
  public Link resetAfter(long bytes) {
    return new Link(bufferBytes, mostAtOnce, seed, delay, bytes, silentAfter, resetAtRead, cuts);
  }

  /**
   * Returns this description with a peer that falls silent: when so many bytes have arrived, no
   * other does, and neither does the end.
   *
   * @param bytes zero for the first byte already
   * @return the description
   */
  public Link silentAfter(long bytes) {
    return new Link(bufferBytes, mostAtOnce, seed, delay, resetAfter, bytes, resetAtRead, cuts);
  }

  /**
   * Returns this description with a read that meets a reset, though there may be something to read.
   * Reads count that find something, or the end.
   *
   * @param read 1 for the first, zero for none
   * @return the description
   * @throws IllegalArgumentException if it is negative
   */
  public Link resetAtRead(int read) {
    return new Link(bufferBytes, mostAtOnce, seed, delay, resetAfter, silentAfter, read, cuts);
  }

  /**
   * Returns this description with a stream that is cut: what is sent before such a place and what
   * is sent behind it come by different reads.
   *
   * @param places after how many bytes, in order; none for a stream that is not cut
   * @return the description
   */
  public Link cutAt(int... places) {
    return new Link(
        bufferBytes,
        mostAtOnce,
        seed,
        delay,
        resetAfter,
        silentAfter,
        resetAtRead,
        IntStream.of(places).boxed().toList());
  }
}
