package io.plainweave.messaging;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.internal.transport.Yielding;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of messages to one connection, and the task that sends them: whoever has
 * something to say to a peer offers it here, and does not wait for the peer unless the policy says
 * so.
 *
 * <p>It is forked in a scope of its connection, and while it runs it is the only one to write to
 * it:
 *
 * {@snippet file="io/plainweave/messaging/OutboxTest.java" region="outbox"}
 *
 * <p><b>Messages</b> are byte arrays, ready to be sent. They are not copied, so that one array can
 * be queued for a thousand peers: nobody may modify a message that was offered. {@link
 * OutboxLimits} bound their number and their bytes. All that is queued is sent with as few writes
 * as possible, in the order in which it was offered.
 *
 * <p><b>Policies.</b> The outbox has one, and a message may be offered with another: a reply waits
 * for a place while news may be dropped. What was offered with {@link Policy#DROP_OLDEST} or {@link
 * Policy#CONFLATE} makes room for every message, before anybody waits or the peer counts as slow;
 * what was offered with {@link Policy#BLOCK} or {@link Policy#DISCONNECT}, for none.
 *
 * <p><b>Threads.</b> Any thread may offer, and close. A peer is slow when its socket takes nothing
 * more and the queue is full; where the queue is full only because the outbox has not got a
 * processor yet, the thread that offers gives way to it, so that a burst costs nobody a message or
 * the connection. That holds from the fork on: until somebody forks the outbox itself as a task, or
 * runs it, there is its queue and no more.
 *
 * <p><b>The end.</b> {@link #close()} lets the outbox send what is queued and end. When its thread
 * is interrupted or the connection fails, it ends at once, and what is queued is dropped. From then
 * on, every offer is refused.
 */
public final class Outbox implements ConnectionScope.Task, AutoCloseable {
  /** What becomes of messages when the peer does not take them as fast as they come. */
  public enum Policy {
    /**
     * Whoever offers waits for a place: the peer slows down those who talk to it. One that takes
     * nothing at all ends by {@link io.plainweave.TimeLimits#writeStall()}.
     */
    BLOCK,
    /**
     * The message that has waited longest, of those that may be dropped, makes room; if there is
     * none, the new one is dropped.
     */
    DROP_OLDEST,
    /**
     * A message replaces the queued one with the same key, in its place, so that the peer gets the
     * latest of each; where there is none and no place is left, it is as with {@link #DROP_OLDEST}.
     */
    CONFLATE,
    /**
     * The connection is reset, with {@link CloseReason.SlowPeer}: at once, or when the peer has
     * taken nothing for the time of {@link OutboxLimits#stall()}, for which whoever offers waits.
     */
    DISCONNECT
  }

  /**
   * What waits to be sent, without the message that is being sent.
   *
   * @param messages how many there are
   * @param bytes how many bytes they have
   */
  public record Size(int messages, long bytes) {}

  private final Connection connection;
  private final Yielding yielding;
  private final Policy policy;
  private final OutboxQueue queue;

  /** Whether a thread for it was started, which may not have begun; set by its owner. */
  private volatile boolean forked;

  /** The thread that sends, set by itself. */
  private volatile @Nullable Thread sender;

  /** Whether that one is in a call that writes; set by itself. */
  private volatile boolean writing;

  /**
   * Makes an empty outbox that is bounded by a number of messages, whatever their size.
   *
   * @param connection where the messages go
   * @param capacity how many messages are queued at most
   * @param policy what happens when there are more
   * @throws IllegalArgumentException if the capacity is less than 1
   */
  public Outbox(Connection connection, int capacity, Policy policy) {
    this(connection, ofCapacity(capacity), policy);
  }

  private static OutboxLimits ofCapacity(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("the capacity must be at least 1: " + capacity);
    }
    return OutboxLimits.DEFAULT.maxMessages(capacity).maxBytes(0);
  }

  /**
   * Makes an empty outbox.
   *
   * @param connection where the messages go
   * @param limits how much is queued at most
   * @param policy what happens when there is more
   */
  public Outbox(Connection connection, OutboxLimits limits, Policy policy) {
    this.connection = connection;
    this.yielding = Yielding.of(connection);
    this.policy = policy;
    this.queue = new OutboxQueue(limits, yielding);
  }

  /**
   * Queues a message. If there is no place, the policy says what happens.
   *
   * @param message the bytes to send, which nobody modifies from now on
   * @return false if the outbox is closed, be it that this message was one too many: it will not be
   *     sent
   * @throws InterruptedException if the thread is interrupted while it waits for a place, which
   *     happens with {@link Policy#BLOCK}, and with {@link OutboxLimits#stall()}
   */
  public boolean offer(byte[] message) throws InterruptedException {
    return enqueue(message, null, policy);
  }

  /**
   * Queues a message with a key, by which {@link Policy#CONFLATE} finds the one to replace. The
   * other policies do not look at it.
   *
   * @param key with {@code equals} and {@code hashCode} for its value, for example a string
   * @param message the bytes to send, which nobody modifies from now on
   * @return false if the outbox is closed, be it that this message was one too many: it will not be
   *     sent
   * @throws InterruptedException if the thread is interrupted while it waits for a place, which
   *     happens with {@link Policy#BLOCK}, and with {@link OutboxLimits#stall()}
   */
  public boolean offer(Object key, byte[] message) throws InterruptedException {
    return enqueue(message, policy == Policy.CONFLATE ? key : null, policy);
  }

  /**
   * Queues a message to which another policy applies than to the rest: a reply that waits for its
   * place, where news are dropped.
   *
   * {@snippet file="io/plainweave/messaging/OutboxLimitsTest.java" region="policies"}
   *
   * @param message the bytes to send, which nobody modifies from now on
   * @param policy what happens if there is no place; without a key, {@link Policy#CONFLATE} is
   *     {@link Policy#DROP_OLDEST}
   * @return false if the outbox is closed, be it that this message was one too many: it will not be
   *     sent
   * @throws InterruptedException if the thread is interrupted while it waits for a place
   */
  public boolean offer(byte[] message, Policy policy) throws InterruptedException {
    return enqueue(message, null, policy);
  }

  /**
   * Sends what is offered, until the outbox is closed and all is sent. For one thread only.
   *
   * @throws IOException if the connection fails
   * @throws InterruptedException if the thread is interrupted while the queue is empty
   */
  @Override
  public void run() throws IOException, InterruptedException {
    sender = Thread.currentThread();
    try {
      OutputStream output = connection.output();
      do {
        for (byte[] message; (message = queue.poll()) != null; ) {
          writing = true; // not in the poll, whose lock it may wait for
          output.write(message);
          writing = false;
        }
        writing = true;
        output.flush();
        writing = false;
      } while (queue.awaitMessage());
    } finally {
      end(true);
    }
  }

  /**
   * Sends a message whenever nothing else was sent for so long, until another call changes that: a
   * heartbeat, by which the peer knows that this side lives. The time counts from now, and from
   * each moment at which all was sent. It needs no further thread.
   *
   * {@snippet file="io/plainweave/messaging/HeartbeatTest.java" region="heartbeat"}
   *
   * <p>That the other half is heard, whatever this side sends, is the business of {@link
   * io.plainweave.TimeLimits#silence()}. A heartbeat is sent by this side, so that {@link
   * io.plainweave.TimeLimits#idle()} is never reached by a connection that has one.
   *
   * @param interval how long after the last message; zero for no heartbeat, which is the default
   * @param message the bytes to send, which nobody modifies from now on
   * @throws IllegalArgumentException if the interval is negative
   */
  public void heartbeat(Duration interval, byte[] message) {
    if (interval.isNegative()) {
      throw new IllegalArgumentException("the interval must not be negative: " + interval);
    }
    queue.beat(TimeUnit.NANOSECONDS.convert(interval), message);
  }

  /**
   * Refuses further messages and lets {@link #run()} send what is queued. It does not wait for
   * that; {@link ConnectionScope#join()} does. A second call has no effect.
   */
  @Override
  public void close() {
    end(false);
  }

  /**
   * Returns how many messages were not sent for lack of room: those that were dropped or replaced.
   *
   * @return the count since the beginning
   */
  public long dropped() {
    return queue.dropped();
  }

  /**
   * Returns how much waits to be sent.
   *
   * @return the size at this moment
   */
  public Size size() {
    return queue.size();
  }

  /**
   * Returns whether whoever produces messages should stop: from the {@link OutboxLimits#highMark()}
   * on, until the queue is down to the {@link OutboxLimits#lowMark()}. Between the two it stays
   * what it was, so that nobody stops and goes on with each message.
   *
   * {@snippet file="io/plainweave/messaging/OutboxLimitsTest.java" region="marks"}
   *
   * @return true if the peer is behind; false if it is not, or the outbox is closed
   */
  public boolean isHigh() {
    return queue.isHigh();
  }

  /**
   * Waits, while {@link #isHigh()}, until the queue is down to the low mark. Any number of threads
   * may wait.
   *
   * @return false if the outbox is closed
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public boolean awaitLow() throws InterruptedException {
    return queue.awaitLow();
  }

  // For the groups

  /** As {@link Yielding#goOn(int)}. */
  int goOn(int since) {
    return yielding.goOn(since);
  }

  @Override
  public void forked() {
    forked = true;
  }

  /** What its groups share with it. */
  OutboxQueue queue() {
    return queue;
  }

  // For those who offer

  private boolean enqueue(byte[] message, @Nullable Object key, Policy policy)
      throws InterruptedException {
    OutboxQueue.Outcome outcome = null;
    // Another thread may take at once what has become free, and that is not the peer's fault: as
    // long as the sender goes on, this one waits for it.
    while (outcome == null && policy != Policy.BLOCK && giveWay(message, key, policy)) {
      outcome = queue.putWhereIsRoom(message, key, policy);
    }
    if (outcome == null) {
      outcome = queue.put(message, key, policy);
    }
    return switch (outcome) {
      case QUEUED, DROPPED -> true;
      case CLOSED -> false;
      case PEER_IS_SLOW -> {
        // First the reason, so that nobody ends the connection in order when the outbox has ended.
        connection.abort(new CloseReason.SlowPeer());
        end(true);
        yield false;
      }
    };
  }

  /**
   * Lets the sender catch up if the queue is full only because it has not had its turn: what it
   * waits for then is a processor and not the peer, and a burst would be taken for a slow peer.
   * Before a peer loses its connection the sender tries once more to send.
   *
   * @return false if the sender cannot go on
   */
  private boolean giveWay(byte[] message, @Nullable Object key, Policy policy) {
    boolean triesAgain = policy == Policy.DISCONNECT;
    while (queue.waitsForSender(message, key)) {
      if (!canGoOn()) {
        if (!triesAgain) {
          return false;
        }
        triesAgain = false;
        yielding.retrySend();
      }
      yielding.giveWay();
    }
    return true;
  }

  /** Whether the sender can go on, or begin, as soon as it has a processor. */
  private boolean canGoOn() {
    Thread sends = sender;
    if (sends == null) {
      return forked && connection.isOpen();
    }
    // In a call that writes it may also wait for its next turn, which is no wait for the peer.
    boolean sending = writing && yielding.isSending();
    return !sending || sends.getState() == Thread.State.RUNNABLE;
  }

  /** Refuses further messages; what is queued is still sent, or dropped. */
  private void end(boolean dropQueued) {
    queue.close(dropQueued).forEach(member -> member.leave(this));
  }
}
