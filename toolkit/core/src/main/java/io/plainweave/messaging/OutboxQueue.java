package io.plainweave.messaging;

import io.plainweave.internal.transport.Yielding;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where those who offer messages and the one who sends them meet: the queue of an outbox with its
 * bounds, and all that waits for it to be fuller or emptier.
 */
final class OutboxQueue {
  /** What has become of a message. */
  enum Outcome {
    QUEUED,
    /** What is queued must not be dropped for it. */
    DROPPED,
    CLOSED,
    PEER_IS_SLOW
  }

  /** What is sent when nothing else was for so long. */
  private static final class Heartbeat {
    private final long nanos;
    private final byte[] message;

    Heartbeat(long nanos, byte[] message) {
      this.nanos = nanos;
      this.message = message;
    }
  }

  /** How often a thread that waits for a slow peer looks whether that has taken something. */
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final OutboxLimits limits;
  private final Yielding yielding;
  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when there is something to send, or another heartbeat, and at the close. */
  private final Condition notEmpty = lock.newCondition();

  /** Signalled when there is room, and at the close. */
  private final Condition notFull = lock.newCondition();

  /** Signalled at the low mark and at the close; null until somebody waits. Guarded by lock. */
  private @Nullable Condition low;

  /** Null while there is no message, so that an idle outbox holds nothing. Guarded by lock. */
  private @Nullable MessageQueue messages;

  /** Guarded by lock. */
  private @Nullable Heartbeat heartbeat;

  /** Guarded by lock. */
  private boolean closed;

  /** Whether the queue was at the high mark, and not at the low one since; guarded by lock. */
  private boolean high;

  /** How many messages were taken to be sent; guarded by lock. */
  private long taken;

  /** Guarded by lock. */
  private long dropped;

  /** Where the outbox is a member; guarded by lock. */
  private List<Group.Member> memberships = List.of();

  OutboxQueue(OutboxLimits limits, Yielding yielding) {
    this.limits = limits;
    this.yielding = yielding;
  }

  // For those who offer

  /** Queues a message, or returns null if there will be room when the sender goes on. */
  @Nullable Outcome putWhereIsRoom(byte[] message, @Nullable Object key, Outbox.Policy policy)
      throws InterruptedException {
    lock.lock();
    try {
      return isFullUntilSent(message, key) ? null : put(message, key, policy);
    } finally {
      lock.unlock();
    }
  }

  /** Queues a message as the policy says, perhaps after a wait. */
  Outcome put(byte[] message, @Nullable Object key, Outbox.Policy policy)
      throws InterruptedException {
    lock.lock();
    try {
      Outcome outcome =
          !closed && hasRoomFor(message, key) ? Outcome.QUEUED : makeRoom(message, key, policy);
      if (outcome == Outcome.QUEUED) {
        add(message, key, policy);
      }
      return outcome;
    } finally {
      lock.unlock();
    }
  }

  /** Whether there will be room when the sender has sent something, which it may. */
  boolean waitsForSender(byte[] message, @Nullable Object key) {
    lock.lock();
    try {
      return isFullUntilSent(message, key);
    } finally {
      lock.unlock();
    }
  }

  /** Called under lock. */
  private boolean isFullUntilSent(byte[] message, @Nullable Object key) {
    return !closed && isReady() && !hasRoomFor(message, key);
  }

  /** Called under lock. */
  private boolean hasRoomFor(byte[] message, @Nullable Object key) {
    return messages == null || messages.hasRoomFor(message, key, limits);
  }

  /** Applies the policy. Called under lock. */
  private Outcome makeRoom(byte[] message, @Nullable Object key, Outbox.Policy policy)
      throws InterruptedException {
    long stall = TimeUnit.NANOSECONDS.convert(limits.stall());
    long patience = stall;
    while (!closed && !hasRoomFor(message, key)) {
      if (messages().hasRoomAmongKept(message, limits)) {
        dropped++;
        messages().dropOldest();
        continue;
      }
      switch (policy) {
        case BLOCK -> notFull.await();
        case DROP_OLDEST, CONFLATE -> {
          dropped++;
          return Outcome.DROPPED;
        }
        case DISCONNECT -> {
          if (patience <= 0) {
            return Outcome.PEER_IS_SLOW;
          }
          patience = awaitProgress(patience) ? stall : patience - LOOK_NANOS;
        }
      }
    }
    return closed ? Outcome.CLOSED : Outcome.QUEUED;
  }

  /**
   * Waits for a moment; returns whether the peer has taken something meanwhile. A stop of the
   * process makes the moment no longer. Called under lock.
   */
  @SuppressWarnings("WaitNotInLoop") // the caller has the loop
  private boolean awaitProgress(long patience) throws InterruptedException {
    long takenBefore = taken;
    long sentBefore = yielding.sent();
    if (notFull.awaitNanos(Math.min(patience, LOOK_NANOS)) <= 0) {
      // The kernel reports room late: the sender looks, and this thread looks again.
      yielding.retrySend();
    }
    return taken != takenBefore || yielding.sent() != sentBefore;
  }

  /** Called under lock, when there is room. */
  private void add(byte[] message, @Nullable Object key, Outbox.Policy policy) {
    MessageQueue to = messages();
    boolean droppable = policy == Outbox.Policy.DROP_OLDEST || policy == Outbox.Policy.CONFLATE;
    if (!droppable) {
      to.add(message);
    } else if (to.addDroppable(message, key)) {
      dropped++;
    }
    if (to.size() == 1) {
      notEmpty.signal();
    }
    high = high || limits.isHigh(to.size(), to.bytes());
  }

  /** Called under lock. */
  private MessageQueue messages() {
    if (messages == null) {
      messages = new MessageQueue();
    }
    return messages;
  }

  Outbox.Size size() {
    lock.lock();
    try {
      return messages == null
          ? new Outbox.Size(0, 0)
          : new Outbox.Size(messages.size(), messages.bytes());
    } finally {
      lock.unlock();
    }
  }

  long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  boolean isHigh() {
    lock.lock();
    try {
      return high && !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the queue is not high any more; false if it is closed. */
  boolean awaitLow() throws InterruptedException {
    lock.lock();
    try {
      if (low == null) {
        low = lock.newCondition();
      }
      while (high && !closed) {
        low.await();
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  // For the groups

  /** Notes that the outbox is a member, which leaves at the close; false if that has come. */
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

  /**
   * Keeps a place, beyond all bounds, for which all has to wait that is offered from now on; null
   * if nothing is sent any more.
   */
  MessageQueue.@Nullable Place reserve() {
    lock.lock();
    try {
      return closed ? null : messages().reserve();
    } finally {
      lock.unlock();
    }
  }

  /** Lets a message be sent in the place that was reserved. */
  void fill(MessageQueue.@Nullable Place place, byte[] message) {
    lock.lock();
    try {
      if (place != null && messages != null) {
        messages.fill(place, message);
        high = high || limits.isHigh(messages.size(), messages.bytes());
        notEmpty.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  // For the sender

  /** Takes the message that has waited longest, or null if there is none. */
  byte @Nullable [] poll() {
    lock.lock();
    try {
      MessageQueue from = messages;
      byte[] oldest = from == null ? null : from.poll();
      if (from == null || oldest == null) {
        return null;
      }
      taken++;
      notFull.signal();
      if (high && limits.isLow(from.size(), from.bytes())) {
        high = false;
        signalLow();
      }
      return oldest;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a message to take, at most until a heartbeat is due; false if none will come. */
  boolean awaitMessage() throws InterruptedException {
    lock.lock();
    try {
      for (Heartbeat beats = heartbeat; !isReady(); beats = heartbeat) {
        if (messages == null || messages.size() == 0) {
          if (closed) {
            return false;
          }
          messages = null;
        }
        if (beats == null) {
          notEmpty.await();
        } else if (notEmpty.awaitNanos(beats.nanos) <= 0 && messages == null && !closed) {
          messages().add(beats.message);
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Called under lock. */
  private boolean isReady() {
    return messages != null && messages.isReady();
  }

  /** Sends a message whenever nothing was sent for so long; never for 0. */
  void beat(long nanos, byte[] message) {
    lock.lock();
    try {
      heartbeat = nanos == 0 ? null : new Heartbeat(nanos, message);
      notEmpty.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Refuses further messages; what is queued is still sent, or dropped.
   *
   * @return where the outbox was a member
   */
  List<Group.Member> close(boolean dropQueued) {
    lock.lock();
    try {
      closed = true;
      if (dropQueued) {
        messages = null;
      }
      List<Group.Member> left = memberships;
      memberships = List.of();
      notEmpty.signalAll();
      notFull.signalAll();
      signalLow();
      return left;
    } finally {
      lock.unlock();
    }
  }

  /** Called under lock. */
  private void signalLow() {
    if (low != null) {
      low.signalAll();
    }
  }
}
