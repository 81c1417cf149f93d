package io.plainweave.messaging;

import java.time.Duration;

/**
 * How much an {@link Outbox} keeps for its peer, and when a peer is slow. Zero switches a limit
 * off.
 *
 * {@snippet file="io/plainweave/messaging/OutboxLimitsTest.java" region="retained"}
 *
 * @param maxMessages how many messages are queued at most; default 1,000
 * @param maxBytes how many bytes they have at most; a single message may be larger, and is queued
 *     where nothing else is; default 1 MiB
 * @param highMark in percent of either bound: when the queue is that full, whoever produces should
 *     stop ({@link Outbox#isHigh()}); default 75
 * @param lowMark in percent of both bounds: when the queue has become that empty again, whoever
 *     produces may go on ({@link Outbox#awaitLow()}); default 25
 * @param stall how long a peer may take nothing of what is queued before {@link
 *     Outbox.Policy#DISCONNECT} takes it for slow. Whoever offers waits meanwhile while the queue
 *     is full: a peer that takes something all the time slows down those who talk to it, and is not
 *     disconnected. Default zero: nobody waits, and one message too many is the end
 */
public record OutboxLimits(
    int maxMessages, long maxBytes, int highMark, int lowMark, Duration stall) {
  /** The limits that apply unless others are set. */
  public static final OutboxLimits DEFAULT =
      new OutboxLimits(1_000, 1024 * 1024, 75, 25, Duration.ZERO);

  /** Checks the values. */
  public OutboxLimits {
    if (maxMessages < 0) {
      throw new IllegalArgumentException("maxMessages must not be negative: " + maxMessages);
    }
    if (maxBytes < 0) {
      throw new IllegalArgumentException("maxBytes must not be negative: " + maxBytes);
    }
    if (maxMessages == 0 && maxBytes == 0) {
      throw new IllegalArgumentException("maxMessages and maxBytes must not both be 0");
    }
    if (highMark < 1 || highMark > 100) {
      throw new IllegalArgumentException("highMark must be from 1 to 100 percent: " + highMark);
    }
    if (lowMark < 0 || lowMark >= highMark) {
      throw new IllegalArgumentException(
          "lowMark must be from 0 to less than the highMark of " + highMark + ": " + lowMark);
    }
    if (stall.isNegative()) {
      throw new IllegalArgumentException("stall must not be negative: " + stall);
    }
  }

  /**
   * Returns these limits with another {@link #maxMessages()}.
   *
   * @param maxMessages the limit, or zero for none
   * @return the limits
   */
  public OutboxLimits maxMessages(int maxMessages) {
    return new OutboxLimits(maxMessages, maxBytes, highMark, lowMark, stall);
  }

  /**
   * Returns these limits with another {@link #maxBytes()}.
   *
   * @param maxBytes the limit, or zero for none
   * @return the limits
   */
  public OutboxLimits maxBytes(long maxBytes) {
    return new OutboxLimits(maxMessages, maxBytes, highMark, lowMark, stall);
  }

  /**
   * Returns these limits with another {@link #highMark()} and {@link #lowMark()}.
   *
   * {@snippet file="io/plainweave/messaging/OutboxLimitsTest.java" region="bounds"}
   *
   * @param highMark from 1 to 100 percent
   * @param lowMark less than that
   * @return the limits
   */
  public OutboxLimits marks(int highMark, int lowMark) {
    return new OutboxLimits(maxMessages, maxBytes, highMark, lowMark, stall);
  }

  /**
   * Returns these limits with another {@link #stall()}.
   *
   * @param stall the time, or zero for none
   * @return the limits
   */
  public OutboxLimits stall(Duration stall) {
    return new OutboxLimits(maxMessages, maxBytes, highMark, lowMark, stall);
  }

  /** Whether so much may be queued. One message always may. */
  boolean allow(int messages, long bytes) {
    return messages == 1
        || ((maxMessages == 0 || messages <= maxMessages) && (maxBytes == 0 || bytes <= maxBytes));
  }

  /** Whether so much is at the high mark of either bound, or beyond. */
  boolean isHigh(int messages, long bytes) {
    return (maxMessages > 0 && messages * 100L >= (long) maxMessages * highMark)
        || (maxBytes > 0 && bytes >= maxBytes / 100.0 * highMark);
  }

  /** Whether so much is at the low mark of both bounds, or below. */
  boolean isLow(int messages, long bytes) {
    return (maxMessages == 0 || messages * 100L <= (long) maxMessages * lowMark)
        && (maxBytes == 0 || bytes <= maxBytes / 100.0 * lowMark);
  }
}
