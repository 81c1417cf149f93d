package io.plainweave.internal.transport;

import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelectionKey;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * A selector without a kernel, which behaves as epoll(7) does, level-triggered: a channel is ready
 * as long as it is. So the checker sees each step of a wait, and who ends it.
 */
final class ModelSelector extends AbstractSelector {
  /** A channel that can say what it is ready for. */
  interface Model {
    int readiness();

    /** The descriptor of a closed channel is given back, now that nobody looks at it. */
    void release();
  }

  private static final class Key extends AbstractSelectionKey {
    private final ModelSelector selector;
    private final AbstractSelectableChannel channel;
    private volatile int interest;

    Key(ModelSelector selector, AbstractSelectableChannel channel, int interest) {
      this.selector = selector;
      this.channel = channel;
      this.interest = interest;
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
    public int interestOps() {
      return interest;
    }

    @Override
    public SelectionKey interestOps(int operations) {
      if (!isValid()) {
        throw new java.nio.channels.CancelledKeyException();
      }
      interest = operations;
      return this;
    }

    @Override
    public int readyOps() {
      return interest & ((Model) channel).readiness();
    }
  }

  /** Who waits in it; set by itself. */
  private volatile Thread waiting;

  /** Only the poller's thread touches it. */
  private final List<Key> keys = new ArrayList<>();

  ModelSelector() {
    super(SelectorProvider.provider());
  }

  @Override
  protected SelectionKey register(AbstractSelectableChannel channel, int operations, Object told) {
    var key = new Key(this, channel, operations);
    key.attach(told);
    keys.add(key);
    return key;
  }

  /** Something may be ready by now. */
  void changed() {
    LockSupport.unpark(waiting);
  }

  @Override
  public int select(Consumer<SelectionKey> action) {
    forgetCancelled();
    waiting = Thread.currentThread();
    while (isOpen() && isQuiet()) {
      LockSupport.park();
    }
    waiting = null;
    return tell(action);
  }

  @Override
  public int selectNow(Consumer<SelectionKey> action) {
    forgetCancelled();
    return tell(action);
  }

  private boolean isQuiet() {
    for (Key key : keys) {
      if (key.isValid() && key.readyOps() != 0) {
        return false;
      }
    }
    return true;
  }

  private int tell(Consumer<SelectionKey> action) {
    int ready = 0;
    for (Key key : List.copyOf(keys)) {
      if (key.isValid() && key.readyOps() != 0) {
        ready++;
        action.accept(key);
      }
    }
    forgetCancelled();
    return ready;
  }

  private void forgetCancelled() {
    Set<SelectionKey> cancelled = cancelledKeys();
    List<Key> all = new ArrayList<>();
    synchronized (cancelled) {
      for (SelectionKey key : cancelled) {
        all.add((Key) key);
      }
      cancelled.clear();
    }
    for (Key key : all) {
      keys.remove(key);
      deregister(key);
      if (!key.channel.isOpen()) {
        ((Model) key.channel).release();
      }
    }
  }

  @Override
  protected void implCloseSelector() {
    for (Key key : List.copyOf(keys)) {
      keys.remove(key);
      deregister(key);
      if (!key.channel.isOpen()) {
        ((Model) key.channel).release();
      }
    }
  }

  @Override
  public Set<SelectionKey> keys() {
    return new HashSet<>(keys);
  }

  @Override
  public Set<SelectionKey> selectedKeys() {
    throw new UnsupportedOperationException();
  }

  @Override
  public int selectNow() {
    throw new UnsupportedOperationException();
  }

  @Override
  public int select(long timeout) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int select() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Selector wakeup() {
    throw new UnsupportedOperationException("only where memory is short");
  }
}
