package io.plainweave.messaging;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.ConnectionScope;
import io.plainweave.internal.transport.Yielding;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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
 * be queued for a thousand peers: nobody may modify a message that was offered. The queue holds
 * {@code capacity} of them at most, whatever their size. All that is queued is sent with as few
 * writes as possible, in the order in which it was offered.
 *
 * <p><b>Threads.</b> Any thread may offer, and close. None of the policies but {@link Policy#BLOCK}
 * ever makes an offer wait for the peer. A peer is slow when its socket takes nothing more and the
 * queue is full; where the queue is full only because the outbox has not got a processor yet, the
 * thread that offers gives way to it, so that a burst costs nobody a message or the connection.
 * That holds from the fork on: until somebody forks the outbox itself as a task, or runs it, there
 * is its queue and no more.
 *
 * <p><b>The end.</b> {@link #close()} lets the outbox send what is queued and end. When its thread
 * is interrupted or the connection fails, it ends at once, and what is queued is dropped. From then
 * on, every offer is refused.
 */
public final class Outbox implements ConnectionScope.Task, AutoCloseable {
  /** What becomes of messages when the peer does not take them as fast as they come. */
  public enum Policy {
    /** Whoever offers waits for a place: the peer slows down those who talk to it. */
    BLOCK,
    /** The message that has waited longest makes room. */
    DROP_OLDEST,
    /**
     * A message replaces the queued one with the same key, in its place, so that the peer gets the
     * latest of each; where there is none and no place is left, the message that has waited longest
     * makes room.
     */
    CONFLATE,
    /** The connection is reset, with {@link CloseReason.SlowPeer}. */
    DISCONNECT
  }

  private final Connection connection;
  private final Yielding yielding;
  private final int capacity;
  private final Policy policy;
  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when the queue is not empty any more, and at the close. */
  private final Condition notEmpty = lock.newCondition();

  /** Signalled when the queue is not full any more, and at the close. */
  private final Condition notFull = lock.newCondition();

  /**
   * The messages, by key; one without a key has a key that nobody else has. Null while there is
   * none, so that an idle outbox holds no table. Guarded by lock.
   */
  private @Nullable LinkedHashMap<Object, byte[]> queue;

  /** Whether a thread for it was started, which may not have begun; set by its owner. */
  private volatile boolean forked;

  /** The thread that sends, set by itself. */
  private volatile @Nullable Thread sender;

  /** Whether that one is in a call that writes; set by itself. */
  private volatile boolean writing;

  /** Guarded by lock. */
  private boolean closed;

  /** Guarded by lock. */
  private long dropped;

  /** Where this outbox is a member; guarded by lock. */
  private List<Group.Member> memberships = List.of();

  /**
   * Makes an empty outbox.
   *
   * @param connection where the messages go
   * @param capacity how many messages are queued at most
   * @param policy what happens when there are more
   * @throws IllegalArgumentException if the capacity is less than 1
   */
  public Outbox(Connection connection, int capacity, Policy policy) {
    if (capacity < 1) {
      throw new IllegalArgumentException("the capacity must be at least 1: " + capacity);
    }
    this.connection = connection;
    this.yielding = Yielding.of(connection);
    this.capacity = capacity;
    this.policy = policy;
  }

  /**
   * Queues a message. If there is no place, the policy says what happens.
   *
   * @param message the bytes to send, which nobody modifies from now on
   * @return false if the outbox is closed, be it that this message was one too many: it will not be
   *     sent
   * @throws InterruptedException if the thread is interrupted while it waits for a place, which
   *     happens with {@link Policy#BLOCK} only
   */
  public boolean offer(byte[] message) throws InterruptedException {
    return enqueue(new Object(), message);
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
   *     happens with {@link Policy#BLOCK} only
   */
  public boolean offer(Object key, byte[] message) throws InterruptedException {
    return enqueue(policy == Policy.CONFLATE ? key : new Object(), message);
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
        for (byte[] message; (message = poll()) != null; ) {
          writing = true; // not in poll(), whose lock it may wait for
          output.write(message);
          writing = false;
        }
        writing = true;
        output.flush();
        writing = false;
      } while (awaitMessage());
    } finally {
      end(true);
    }
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
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  /** As {@link Yielding#goOn(int)}. */
  int goOn(int since) {
    return yielding.goOn(since);
  }

  @Override
  public void forked() {
    forked = true;
  }

  /** Makes this the outbox of a member, which leaves at the close; false if that has come. */
  boolean joined(Group.Member member) {
    lock.lock();
    try {
      if (!closed) {
        List<Group.Member> more = new ArrayList<>(memberships);
        more.add(member);
        memberships = more;
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** The reverse of {@link #joined}. */
  void left(Group.Member member) {
    lock.lock();
    try {
      memberships = memberships.stream().filter(other -> !other.equals(member)).toList();
    } finally {
      lock.unlock();
    }
  }

  private boolean enqueue(Object key, byte[] message) throws InterruptedException {
    if (policy != Policy.BLOCK) {
      giveWay(key);
    }
    lock.lock();
    try {
      if (makeRoom(key)) {
        put(key, message);
        return true;
      }
      if (closed) {
        return false;
      }
    } finally {
      lock.unlock();
    }
    // First the reason, so that nobody ends the connection in order when the outbox has ended.
    connection.abort(new CloseReason.SlowPeer());
    end(true);
    return false;
  }

  /**
   * Lets the sender catch up if the queue is full only because it has not had its turn: what it
   * waits for then is a processor and not the peer, and a burst would be taken for a slow peer.
   * Before a peer loses its connection the sender tries once more to send.
   */
  private void giveWay(Object key) {
    boolean triesAgain = policy == Policy.DISCONNECT;
    while (isFull(key)) {
      if (!canGoOn()) {
        if (!triesAgain) {
          return;
        }
        triesAgain = false;
        yielding.retrySend();
      }
      yielding.giveWay();
    }
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

  private boolean isFull(Object key) {
    lock.lock();
    try {
      return !closed && queue != null && queue.size() == capacity && !queue.containsKey(key);
    } finally {
      lock.unlock();
    }
  }

  /** Applies the policy; false if the message is not to be queued. Called under lock. */
  private boolean makeRoom(Object key) throws InterruptedException {
    while (isFull(key)) {
      switch (policy) {
        case BLOCK -> notFull.await();
        case DROP_OLDEST, CONFLATE -> {
          poll();
          dropped++;
        }
        case DISCONNECT -> {
          return false;
        }
      }
    }
    return !closed;
  }

  /** Called under lock. */
  private void put(Object key, byte[] message) {
    if (queue == null) {
      queue = new LinkedHashMap<>();
    }
    if (queue.put(key, message) != null) {
      dropped++;
    } else if (queue.size() == 1) {
      notEmpty.signal();
    }
  }

  /** Takes the message that has waited longest, or null if there is none. */
  private byte @Nullable [] poll() {
    lock.lock();
    try {
      Map.Entry<Object, byte[]> oldest = queue == null ? null : queue.pollFirstEntry();
      if (oldest == null) {
        return null;
      }
      notFull.signal();
      return oldest.getValue();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a message to take; false if there will be none any more. */
  private boolean awaitMessage() throws InterruptedException {
    lock.lock();
    try {
      while (queue == null || queue.isEmpty()) {
        if (closed) {
          return false;
        }
        queue = null;
        notEmpty.await();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Refuses further messages; what is queued is still sent, or dropped. */
  private void end(boolean dropQueued) {
    List<Group.Member> left;
    lock.lock();
    try {
      closed = true;
      if (dropQueued) {
        queue = null;
      }
      left = memberships;
      memberships = List.of();
      notEmpty.signalAll();
      notFull.signalAll();
    } finally {
      lock.unlock();
    }
    left.forEach(member -> member.leave(this));
  }
}
