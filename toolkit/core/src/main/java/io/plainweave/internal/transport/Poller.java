package io.plainweave.internal.transport;

import io.plainweave.internal.log.Log;
import io.plainweave.internal.thread.Scope;
import io.plainweave.internal.thread.Shortage;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the channels of many connections at once, and wakes the threads that wait for them.
 *
 * <p>The wait that a blocking channel makes for a virtual thread costs a read that finds nothing
 * and a registration (epoll_ctl(2)) for every message. Here a channel is registered once and stays
 * so, and a thread reads when there is something: a message costs one read, one write, and its
 * share of a look at all channels, as in an event loop.
 *
 * <p>It runs on a virtual thread beside those that it wakes. That keeps the wake-ups on the same
 * carrier, and makes it wait, when there is nothing to do, as they do: by the JDK's poller.
 */
public final class Poller implements Scope.Task {
  /** As many threads woken in one round mean that more work is on its way. */
  private static final int BUSY_ROUND = 4;

  private final Selector selector;
  private final SelfPipe pipe;
  private final ThreadFactory threads;

  /** Channels whose threads have begun to wait for something that is not looked out for. */
  private final Queue<PolledChannel> unattended = new ConcurrentLinkedQueue<>();

  /** Closed channels whose registration is to end; only the poller touches it. */
  private final Queue<PolledChannel> closing = new ArrayDeque<>();

  /** Whether the poller may be waiting; written by its own thread. */
  private volatile boolean waiting;

  /** Whether it is to end, or has ended, and will wake nobody any more. */
  private volatile boolean stopped;

  /** Whether it was told to end, and nobody needs it any more. */
  private volatile boolean dismissed;

  /** The thread that runs it, an event loop's perhaps; set by itself. */
  private volatile @Nullable Thread self;

  /**
   * Whether something may have failed in the middle, of which the selector then knows only a part:
   * set by whoever it has failed for, cleared by the poller's thread.
   */
  private volatile boolean unsure;

  /** With a selector and a pipe that may stand for those of the kernel. */
  Poller(Selector selector, SelfPipe pipe, ThreadFactory threads) {
    this.selector = selector;
    this.pipe = pipe;
    this.threads = threads;
  }

  /**
   * Opens a poller.
   *
   * @param threads makes the threads of its connections
   */
  static Poller open(ThreadFactory threads) throws IOException {
    Selector selector = Selector.open();
    SelfPipe pipe = null;
    boolean complete = false;
    try {
      pipe = SelfPipe.open();
      pipe.source().register(selector, SelectionKey.OP_READ, pipe);
      complete = true;
      return new Poller(selector, pipe, threads);
    } finally {
      if (!complete) {
        close(selector, pipe);
      }
    }
  }

  private static void close(Selector selector, @Nullable SelfPipe pipe) throws IOException {
    try (selector) {
      if (pipe != null) {
        pipe.close();
      }
    }
  }

  /** Makes the threads of its connections, where it can wake them best. */
  public ThreadFactory threads() {
    return threads;
  }

  @Override
  public Scope.After call() throws IOException {
    Thread.currentThread().setName("plainweave poller");
    beginOn(Thread.currentThread());
    var shortage = new Shortage();
    try {
      while (!stopped && !Thread.currentThread().isInterrupted()) {
        try {
          giveWay(round(() -> true));
          shortage.isOver();
        } catch (Error e) {
          if (!shortage.passes(e)) {
            throw e;
          }
          // No pause: a timed wait of a virtual thread costs its carrier if there is no memory for
          // it (VirtualThread.afterYield). What fails comes after a collection, and not often.
        }
      }
    } finally {
      close();
    }
    return Scope.After.CONTINUE;
  }

  /** Notes who runs it, called by that thread before the first round. */
  void beginOn(Thread thread) {
    self = thread;
  }

  /**
   * Wakes the threads whose channels are ready. If it fails for want of memory, what was ready
   * stays so, and the next round makes up for the rest.
   *
   * @param mayWait asked whether there is nothing else to do, so that it may wait for a channel
   * @return how many channels were ready
   */
  int round(BooleanSupplier mayWait) throws IOException {
    try {
      if (unsure) {
        unsure = false;
        renewAll();
      }
      // Removed afterwards: what memory does not suffice for has its turn again.
      for (PolledChannel channel; (channel = unattended.peek()) != null; unattended.remove()) {
        attendNow(channel);
      }
      waiting = true;
      // Whatever is added after this look finds the poller waiting, and wakes it.
      int ready =
          closing.isEmpty() && unattended.isEmpty() && mayWait.getAsBoolean()
              ? selector.select(Poller::ready)
              : selector.selectNow(Poller::ready);
      closeUnregistered();
      return ready;
    } catch (Error e) {
      unsure = true;
      throw e;
    } finally {
      waiting = false;
    }
  }

  /**
   * Tells the selector once more what it is to look out for, and what was closed. It keeps changes
   * in queues until its next round, and an ArrayDeque that cannot grow loses all that it holds.
   */
  private void renewAll() {
    for (SelectionKey key : selector.keys()) {
      try {
        if (!key.channel().isOpen()) {
          key.cancel();
        } else if (key.attachment() instanceof PolledChannel channel && channel.isLeftToPoller()) {
          attendNow(channel);
        } else {
          int operations = key.interestOps();
          key.interestOps(0);
          key.interestOps(operations);
        }
      } catch (CancelledKeyException closedMeanwhile) {
        // Its threads were woken when it was closed.
      }
    }
  }

  private static void ready(SelectionKey key) {
    var polled = (Polled) key.attachment();
    try {
      polled.ready(key.readyOps());
    } catch (CancelledKeyException closedMeanwhile) {
      // Its threads were woken when it was closed.
    }
  }

  private void attendNow(PolledChannel channel) {
    try {
      channel.updateInterest(this);
    } catch (ClosedChannelException | CancelledKeyException e) {
      // Its threads were woken when it was closed.
      if (channel.isLeftToPoller()) {
        closing.add(channel);
        channel.unregister();
      }
    }
  }

  private void closeUnregistered() {
    for (PolledChannel channel; (channel = closing.peek()) != null; closing.remove()) {
      close(channel);
    }
  }

  private static void close(PolledChannel channel) {
    try {
      channel.closeNow();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)).
      Log.closeFailed(channel, e);
    }
  }

  /**
   * Lets the woken threads run. They stand before this one in the queue of the carrier, so that it
   * has its turn when each of them has had its own. As long as that queue does not become empty,
   * the carrier takes no work from elsewhere, new connections for example: after a busy round this
   * thread gives way twice, and finds the queue empty the second time.
   */
  @SuppressWarnings("ThreadPriorityCheck") // it is about the order in a queue, not about time
  private static void giveWay(int woken) {
    Thread.yield();
    if (woken >= BUSY_ROUND) {
      Thread.yield();
    }
  }

  /** Called by the poller's thread. */
  SelectionKey register(SocketChannel channel, int operations, PolledChannel attachment)
      throws ClosedChannelException {
    return channel instanceof Polled.Source source
        ? source.register(selector, operations, attachment)
        : channel.register(selector, operations, attachment);
  }

  // For all threads

  /** Looks out for what the threads of this channel wait for. */
  void attend(PolledChannel channel) throws ClosedChannelException {
    if (!hasPutDown(channel)) {
      throw new ClosedChannelException();
    }
  }

  /** Closes a registered channel in the next round; false if there will be none. */
  boolean closes(PolledChannel channel) {
    try {
      return hasPutDown(channel);
    } catch (Error e) {
      // The next round looks at all of them.
      unsure = true;
      throw e;
    }
  }

  private boolean hasPutDown(PolledChannel channel) {
    unattended.add(channel);
    if (stopped) {
      return false;
    }
    wakeIfWaiting();
    return true;
  }

  /**
   * Lets the poller look again, though nothing has told it to, since its wait is the JDK's and may
   * have come to grief without memory. On an event loop this ends the wait of a virtual thread that
   * could not be taken off the loop, as {@link
   * io.plainweave.internal.thread.JdkThreads#wakeCarriers} does on a carrier.
   */
  void nudge() {
    LockSupport.unpark(self);
  }

  /** Notes that a channel could not be closed as it should: its key may not be cancelled. */
  void closedInPart() {
    unsure = true;
  }

  /** Gives back what a closed channel held here. */
  void forget(SocketChannel channel) {
    if (channel.isRegistered()) {
      wakeIfWaiting();
    }
  }

  /** Ends the wait of the poller, if there is one. */
  void wakeIfWaiting() {
    if (waiting) {
      wake();
    }
  }

  private void wake() {
    try {
      pipe.wake();
    } catch (Error e) {
      // For want of memory. A wake-up that is lost would be worse than a monitor, which is free but
      // for moments.
      Shortage.see(e);
      selector.wakeup();
    }
  }

  /** Whether it may be waiting: then it sees, after that, what was done before this look. */
  boolean mayWait() {
    return waiting;
  }

  boolean isStopped() {
    return stopped;
  }

  /** Whether nothing runs any more for which it, or its event loop, is needed. */
  boolean isDismissed() {
    return dismissed;
  }

  /** Tells the poller to end, since nobody needs it any more. */
  void stop() {
    dismissed = true;
    stopped = true;
    wake();
    nudge();
  }

  /** Closes the selector, and with it the descriptors of channels that were closed meanwhile. */
  void close() throws IOException {
    stopped = true;
    close(selector, pipe);
    // After the end of their registrations, with which the selector has closed some.
    closeUnregistered();
    for (PolledChannel channel; (channel = unattended.poll()) != null; ) {
      if (channel.isLeftToPoller()) {
        close(channel);
      }
    }
  }
}
