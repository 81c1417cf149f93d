package io.plainweave.internal.connection;

import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * Where the writing side of a connection stands: whether a thread sends, what was sent last, and
 * whether all is finished. The writing thread moves it; the drain and the time limits look at it.
 *
 * <p>It is a part of {@link ConnectionOutput}, and its superclass only so that a connection has one
 * object less.
 */
abstract sealed class SendState extends OutputStream permits Sending {
  static final AtomicIntegerFieldUpdater<SendState> USE =
      AtomicIntegerFieldUpdater.newUpdater(SendState.class, "use");

  // The bits of the use.
  static final int FREE = 0;

  /** A thread is in a call that writes. */
  static final int TAKEN = 1;

  /** It sends, or waits for room to send. */
  static final int SENDING = 2;

  /** Nobody writes any more. */
  static final int CLOSED = 4;

  /** Who uses it: from FREE by compare-and-set; all else is set by the thread that has taken it. */
  volatile int use = FREE;

  /** Whether FIN was sent; written by the writing thread, after {@link #finishedAt}. */
  private volatile boolean finished;

  // Written by the writing thread. The reaper may see them a moment late, which a time limit can
  // bear.
  private int finishedAt;
  private int lastSent;
  private long sent;

  /**
   * The tick at which a write was last tried in vain. It publishes {@link #lastSent}: whoever has
   * read this one knows of all that was sent before.
   */
  private volatile int lastFull;

  SendState(int openedAt) {
    this.lastSent = openedAt;
    this.lastFull = lastSent;
  }

  // For the writing thread

  /** Notes that FIN is sent now. */
  final void finishAt(int now) {
    finishedAt = now;
    lastSent = now;
    finished = true;
  }

  /** Notes that something is sent, or about to be. */
  final void sentAt(int now) {
    lastSent = now;
  }

  /** Notes when a write was tried for which there was no room. */
  final void fullAt(int at) {
    lastFull = at;
  }

  /** Counts what was sent. */
  final void sent(long count) {
    sent += count;
  }

  // For the reaper

  /** Whether a thread is sending, or waiting for room to send. */
  public final boolean isSending() {
    return (use & SENDING) != 0;
  }

  public final boolean isFinished() {
    return finished;
  }

  public final int finishedAt() {
    return finishedAt;
  }

  public final int lastSent() {
    return lastSent;
  }

  /**
   * Whether the socket has taken no byte for so long. While a thread waits for room only a write
   * can tell: the kernel reports room when a third of the buffer is free on TCP, and three quarters
   * of it on a Unix-domain socket, and to a slow peer that may be minutes of a stream that moves
   * all the time. So if no write was tried that late, the thread is woken to try one.
   */
  final boolean isQuietFor(int ticks, int now) {
    boolean sends = isSending();
    int full = lastFull;
    if (now - lastSent < ticks) {
      return false;
    }
    if (!sends || full - lastSent >= ticks) {
      return true;
    }
    wakeWriter();
    return false;
  }

  /** Lets the thread that waits for room try a write. */
  abstract void wakeWriter();

  public final long sent() {
    return sent;
  }
}
