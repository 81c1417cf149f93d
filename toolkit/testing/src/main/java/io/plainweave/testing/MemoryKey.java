package io.plainweave.testing;

import io.plainweave.internal.transport.Polled;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.atomic.AtomicBoolean;

/** The registration of a channel in memory: tells a poller what the channel is ready for. */
final class MemoryKey extends SelectionKey {
  private final MemoryChannel channel;
  private final Doorbell doorbell;
  private final Selector selector;
  private final Polled told;

  /** Written by the poller's thread. */
  private volatile int interest;

  /** Set by whoever closes the channel. */
  private volatile boolean cancelled;

  /** Whether the doorbell was rung for it, and the poller has not come yet. */
  private final AtomicBoolean rung = new AtomicBoolean();

  MemoryKey(MemoryChannel channel, Doorbell doorbell, Selector selector, Polled told) {
    this.channel = channel;
    this.doorbell = doorbell;
    this.selector = selector;
    this.told = told;
  }

  @Override
  public SelectableChannel channel() {
    return channel;
  }

  @Override
  public Selector selector() {
    return selector;
  }

  @Override
  public boolean isValid() {
    return !cancelled;
  }

  @Override
  public void cancel() {
    cancelled = true;
  }

  @Override
  public int interestOps() {
    return interest;
  }

  @Override
  public SelectionKey interestOps(int operations) {
    if (!isValid()) {
      throw new CancelledKeyException();
    }
    interest = operations;
    ringIfReady();
    return this;
  }

  @Override
  public int readyOps() {
    return interest & channel.readiness();
  }

  /** Lets the poller come, if there is something of interest to it. */
  void ringIfReady() {
    if (isValid() && readyOps() != 0 && rung.compareAndSet(false, true)) {
      doorbell.ring(this);
    }
  }

  /** Called by the poller's thread, which has come. */
  void answer() {
    rung.set(false);
    int ready = readyOps();
    if (isValid() && ready != 0) {
      told.ready(ready);
      // As a selector, which finds again what is still ready.
      ringIfReady();
    }
  }
}
