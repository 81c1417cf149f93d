package io.plainweave.internal.udp;

import io.plainweave.CloseReason;
import io.plainweave.Deadline;
import io.plainweave.TimeLimits;
import io.plainweave.internal.admission.TokenBucket;
import io.plainweave.internal.time.Ticks;
import io.plainweave.text.Addresses;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramSession;
import io.plainweave.udp.Udp;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A session as its receiver, its task and the reaper know it. */
final class PeerSession implements DatagramSession {
  /** Longer than most ways to a peer and back, and short for a forged one to keep a place. */
  private static final int QUIET_IN_A_CROWD = 1_000 / Ticks.MILLIS;

  /** Made before: there may be no memory when it is needed. */
  private static final CloseReason CANCELLED = new CloseReason.Cancelled();

  private final DatagramPeer peer;
  private final Udp udp;
  private final Ticks ticks;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // The rest is guarded by lock.

  /** Datagrams that nobody has received. */
  private final ArrayDeque<byte[]> mailbox = new ArrayDeque<>(2);

  /** Why there is nothing new to receive any more. */
  private @Nullable CloseReason endedBy;

  /** How many of the mailbox were there before that, and are still to be received. */
  private int owed;

  /** What is left of the rate; null if there is no limit. */
  private final @Nullable TokenBucket rate;

  /** Whether the handler is done, or the session was closed. */
  private boolean closed;

  /** Threads that wait for something new. */
  private int waiting;

  /** The tick of the last datagram in either direction, or of the beginning of the wait. */
  private int lastActive;

  PeerSession(DatagramPeer peer, Udp udp, Ticks ticks) {
    this.peer = peer;
    this.udp = udp;
    this.ticks = ticks;
    this.rate = udp.sessionRate().isUnlimited() ? null : new TokenBucket(System.nanoTime());
    this.lastActive = ticks.now();
  }

  // For the handler

  @Override
  public byte @Nullable [] receive() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      waiting++;
      lastActive = ticks.now();
      while (endedBy == null && mailbox.isEmpty()) {
        changed.await();
      }
      if (endedBy == null) {
        return mailbox.poll();
      }
      if (owed == 0) {
        return null;
      }
      owed--;
      return mailbox.poll();
    } finally {
      waiting--;
      lock.unlock();
    }
  }

  @Override
  public byte @Nullable [] receive(Duration timeout) throws InterruptedException {
    Duration most =
        Deadline.remaining().filter(rest -> rest.compareTo(timeout) < 0).orElse(timeout);
    long left = TimeUnit.NANOSECONDS.convert(most);
    lock.lockInterruptibly();
    try {
      while (mailbox.isEmpty() && left > 0 && !isOver()) {
        left = changed.awaitNanos(left);
      }
      owed = Math.max(0, owed - 1);
      return mailbox.poll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean send(byte[] datagram) {
    return send(ByteBuffer.wrap(datagram));
  }

  @Override
  public boolean send(ByteBuffer datagram) {
    if (!isOpen() || !peer.send(datagram.duplicate())) {
      return false;
    }
    lock.lock();
    try {
      lastActive = ticks.now();
    } finally {
      lock.unlock();
    }
    return true;
  }

  @Override
  public void validate() {
    peer.validate();
  }

  @Override
  public void close() {
    int left;
    lock.lock();
    try {
      closed = true;
      left = mailbox.size();
      mailbox.clear();
      end(new CloseReason.Finished());
      owed = 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    peer.dropUnread(left);
  }

  @Override
  public boolean isDraining() {
    CloseReason ended = endedBy();
    return ended instanceof CloseReason.Drained || ended instanceof CloseReason.Cancelled;
  }

  @Override
  public boolean isOpen() {
    lock.lock();
    try {
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return peer.remoteAddress();
  }

  @Override
  public InetSocketAddress localAddress() {
    return peer.localAddress();
  }

  // For the receiver

  /**
   * Puts a datagram into the mailbox.
   *
   * @return null; or that the mailbox is full, or too many have come; or that the datagram would
   *     stay unread, since it has come too late for this session
   */
  @Nullable DatagramDrop deliver(byte[] datagram) {
    lock.lock();
    try {
      if (isOver()) {
        return DatagramDrop.UNREAD;
      }
      if (rate != null && !rate.tryTake(udp.sessionRate(), System.nanoTime())) {
        return DatagramDrop.SESSION_RATE;
      }
      peer.received(datagram.length);
      lastActive = ticks.now();
      if (mailbox.size() >= udp.mailbox()) {
        return DatagramDrop.MAILBOX_FULL;
      }
      mailbox.add(datagram);
      changed.signal();
      return null;
    } finally {
      lock.unlock();
    }
  }

  private boolean isOver() {
    return closed || endedBy instanceof CloseReason.TimedOut;
  }

  // For its task

  @Nullable CloseReason endedBy() {
    lock.lock();
    try {
      return endedBy;
    } finally {
      lock.unlock();
    }
  }

  /** Gives the handler what is in the mailbox, and nothing new. */
  void end(CloseReason why) {
    lock.lock();
    try {
      if (endedBy == null) {
        endedBy = why;
        owed = mailbox.size();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends it if it has waited long enough for anything to happen; false if not.
   *
   * @param idleTicks after how long that is
   * @param crowded whether others find no room, for whom a peer that may be forged has to give way
   */
  boolean endIfIdle(int idleTicks, int now, boolean crowded) {
    lock.lock();
    try {
      int quiet = now - lastActive;
      boolean givesWay = crowded && quiet >= QUIET_IN_A_CROWD && !peer.isValidated();
      if (waiting == 0 || endedBy != null || !(givesWay || quiet >= idleTicks)) {
        return false;
      }
      end(new CloseReason.TimedOut(TimeLimits.Kind.IDLE));
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Notes that the server is cancelled. The interrupt that follows ends the wait. */
  void cancel() {
    lock.lock();
    try {
      if (endedBy == null) {
        endedBy = CANCELLED;
        owed = mailbox.size();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns the peer. */
  @Override
  public String toString() {
    return "session with " + Addresses.format(remoteAddress());
  }
}
