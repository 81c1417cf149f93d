package io.plainweave.simulation.machine;

import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelectionKey;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Looks at {@link SimulatedPipe}s, and waits as a simulated thread does. */
final class SimulatedSelector extends AbstractSelector {
  private final Set<SelectionKey> keys = new LinkedHashSet<>();
  private boolean woken;
  private Thread waiting;

  SimulatedSelector() {
    super(SelectorProvider.provider());
  }

  @Override
  public int select(Consumer<SelectionKey> action) {
    waiting = Thread.currentThread();
    while (isOpen() && !woken && ready().isEmpty() && !waiting.isInterrupted()) {
      LockSupport.park(this);
    }
    waiting = null;
    return selectNow(action);
  }

  @Override
  public int selectNow(Consumer<SelectionKey> action) {
    if (!isOpen()) {
      throw new ClosedSelectorException();
    }
    woken = false;
    Set<SelectionKey> cancelled = cancelledKeys();
    for (SelectionKey key : List.copyOf(cancelled)) {
      deregister((AbstractSelectionKey) key);
      keys.remove(key);
    }
    cancelled.clear();
    List<SelectionKey> ready = ready();
    ready.forEach(action);
    return ready.size();
  }

  private List<SelectionKey> ready() {
    List<SelectionKey> ready = new ArrayList<>();
    for (SelectionKey key : keys) {
      if (key.isValid() && ((SimulatedPipe.Source) key.channel()).isReady()) {
        ready.add(key);
      }
    }
    return ready;
  }

  @Override
  public Selector wakeup() {
    woken = true;
    LockSupport.unpark(waiting);
    return this;
  }

  @Override
  protected SelectionKey register(
      AbstractSelectableChannel channel, int operations, Object attachment) {
    var key = new Key(channel);
    key.attach(attachment);
    key.interestOps(operations);
    keys.add(key);
    ((SimulatedPipe.Source) channel).lookedAtBy(this);
    return key;
  }

  @Override
  protected void implCloseSelector() {
    wakeup();
    for (SelectionKey key : List.copyOf(keys)) {
      deregister((AbstractSelectionKey) key);
    }
    keys.clear();
  }

  @Override
  public Set<SelectionKey> keys() {
    return keys;
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

  private final class Key extends AbstractSelectionKey {
    private final AbstractSelectableChannel channel;
    private int interest;

    private Key(AbstractSelectableChannel channel) {
      this.channel = channel;
    }

    @Override
    public AbstractSelectableChannel channel() {
      return channel;
    }

    @Override
    public Selector selector() {
      return SimulatedSelector.this;
    }

    @Override
    public int interestOps() {
      return interest;
    }

    @Override
    public SelectionKey interestOps(int operations) {
      interest = operations;
      return this;
    }

    @Override
    public int readyOps() {
      return isValid() && ((SimulatedPipe.Source) channel).isReady() ? interest : 0;
    }
  }
}
