package io.plainweave;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a server and one peer send each other by UDP, from the peer's first datagram until the
 * handler returns. A peer is an address with a port.
 *
 * <p>The order and the arrival of datagrams are as uncertain as the network makes them (RFC 8085).
 * What comes while the handler is busy waits in a mailbox of {@link Udp#mailbox()} datagrams; what
 * finds it full is dropped and counted.
 *
 * <p>All methods are safe for use by several threads.
 */
public final class DatagramSession {
  /** Longer than most ways to a peer and back, and short for a forged one to keep a place. */
  private static final int QUIET_IN_A_CROWD = 1_000 / Ticks.MILLIS;

  private final DatagramPeer peer;
  private final int mailboxSize;
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

  /** Whether the handler is done. */
  private boolean closed;

  /** Threads that wait for something new. */
  private int waiting;

  /** The tick of the last datagram in either direction, or of the beginning of the wait. */
  private int lastActive;

  DatagramSession(DatagramPeer peer, int mailboxSize, Ticks ticks) {
    this.peer = peer;
    this.mailboxSize = mailboxSize;
    this.ticks = ticks;
    this.lastActive = ticks.now();
  }

  // For the handler

  /**
   * Waits for the next datagram, between two exchanges: a handler that waits here can be ended.
   *
   * @return the datagram, which may be empty; null when the session is over: nothing has come or
   *     gone for the {@linkplain TimeLimits#idle() idle time}, or for a second while others find no
   *     place ({@link Udp#maxHandlers()}), or the server drains. The handler may still send, and
   *     then returns
   * @throws InterruptedException if the calling thread is interrupted, as when the server is
   *     cancelled
   */
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

  /**
   * Waits for an answer in the middle of an exchange, for a time after which the handler repeats
   * what it has sent, or gives up. A drain lets it go on, until the time to drain has run out, and
   * the idle time does not count.
   *
   * @param timeout how long to wait at most; zero or less only looks
   * @return the datagram, which may be empty; null if none has come
   * @throws InterruptedException if the calling thread is interrupted, as when the server is
   *     cancelled
   */
  public byte @Nullable [] receive(Duration timeout) throws InterruptedException {
    long left = TimeUnit.NANOSECONDS.convert(timeout);
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

  /**
   * Sends a datagram to the peer. It may wait for room in the socket, for a tenth of a second at
   * most. Until {@link #validate()}, what is sent is limited by {@link Udp#amplification()}. An
   * interrupt is no hindrance.
   *
   * @param datagram at most 65,507 bytes, or 65,527 by IPv6; beyond about 1,200 the network may
   *     have to break it into pieces, of which all must arrive (RFC 8085, section 3.2)
   * @return whether the system has taken it, which does not say that it will arrive; if not, it is
   *     counted ({@link DatagramDrop}), unless the handler has returned
   * @throws IllegalArgumentException if it is longer than any datagram
   */
  public boolean send(byte[] datagram) {
    return send(ByteBuffer.wrap(datagram));
  }

  /**
   * Sends what is left in a buffer, as {@link #send(byte[])}.
   *
   * @param datagram the datagram, which is unchanged, its position included
   * @return whether the system has taken it
   * @throws IllegalArgumentException if it is longer than any datagram
   */
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

  /**
   * Lifts the limit of {@link Udp#amplification()}: the peer has shown that its address is not
   * forged, by sending what it can know from our datagrams only, such as a number that nobody could
   * guess (RFC 9000, section 8.1). From then on the session does not give way to others, either
   * ({@link Udp#maxHandlers()}).
   */
  public void validate() {
    peer.validate();
  }

  /**
   * Tells whether the handler has not returned.
   *
   * @return false if it has; what is sent then is dropped
   */
  public boolean isOpen() {
    lock.lock();
    try {
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns the address of the peer. Until something proves it, anyone may have written it there.
   *
   * @return an IPv4 or IPv6 address, and a port, which may be 0
   */
  public InetSocketAddress remoteAddress() {
    return peer.remoteAddress();
  }

  /**
   * Returns the address of the socket that has received the datagrams.
   *
   * @return the address that was asked; where the server listens at every address and this is none
   *     of an interface, that one, as 0.0.0.0 or ::
   */
  public InetSocketAddress localAddress() {
    return peer.localAddress();
  }

  // For the receiver

  /**
   * Puts a datagram into the mailbox.
   *
   * @return null; or that the mailbox is full; or that the datagram would stay unread, since it has
   *     come too late for this session
   */
  @Nullable DatagramDrop deliver(byte[] datagram) {
    lock.lock();
    try {
      if (isOver()) {
        return DatagramDrop.UNREAD;
      }
      peer.received(datagram.length);
      lastActive = ticks.now();
      if (mailbox.size() >= mailboxSize) {
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
   * @param crowded whether others find no room, for whom a peer that may be forged has to give way
   */
  boolean endIfIdle(TimeCheck limits, int now, boolean crowded) {
    lock.lock();
    try {
      int quiet = now - lastActive;
      boolean givesWay = crowded && quiet >= QUIET_IN_A_CROWD && !peer.isValidated();
      if (waiting == 0 || endedBy != null || !(givesWay || limits.isIdle(quiet))) {
        return false;
      }
      end(new CloseReason.TimedOut(TimeLimit.IDLE));
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Closes it when the handler has returned; returns how many datagrams nobody has received. */
  int close() {
    lock.lock();
    try {
      closed = true;
      int left = mailbox.size();
      mailbox.clear();
      return left;
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
