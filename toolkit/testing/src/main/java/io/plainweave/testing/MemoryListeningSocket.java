package io.plainweave.testing;

import io.plainweave.internal.socket.ListeningSocket;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A place in memory at which a server listens. */
final class MemoryListeningSocket implements ListeningSocket {
  private final MemorySockets network;
  private final SocketAddress address;
  private final Supplier<@Nullable IOException> faults;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Guarded by lock. */
  private final Queue<MemoryChannel> backlog = new ArrayDeque<>();

  /** Written under lock. */
  private volatile boolean closed;

  /**
   * Describes a place.
   *
   * @param faults asked before each connection is taken: why that fails, or null
   */
  MemoryListeningSocket(
      MemorySockets network, SocketAddress address, Supplier<@Nullable IOException> faults) {
    this.network = network;
    this.address = address;
    this.faults = faults;
  }

  @Override
  public SocketAddress address() {
    return address;
  }

  /** Takes a new connection; false if the place is closed. */
  boolean offer(MemoryChannel accepted) {
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      backlog.add(accepted);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable SocketChannel accept(boolean waits) throws IOException {
    lock.lock();
    try {
      while (backlog.isEmpty() && waits && !closed) {
        changed.await();
      }
      if (closed) {
        throw new ClosedChannelException();
      }
      IOException fault = backlog.isEmpty() ? null : faults.get();
      if (fault != null) {
        throw fault;
      }
      return backlog.poll();
    } catch (InterruptedException e) {
      // As a channel of the JDK does.
      Thread.currentThread().interrupt();
      close();
      throw new ClosedByInterruptException();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public void close() {
    Queue<MemoryChannel> late;
    lock.lock();
    try {
      closed = true;
      late = new ArrayDeque<>(backlog);
      backlog.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    network.closed(this);
    for (MemoryChannel channel : late) {
      channel.reset();
    }
  }

  @Override
  public String toString() {
    return Addresses.format(address);
  }
}
