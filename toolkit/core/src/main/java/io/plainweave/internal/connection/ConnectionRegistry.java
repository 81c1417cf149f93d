package io.plainweave.internal.connection;

import io.plainweave.internal.log.Log;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Knows every connection of a server, from before its thread starts until its socket is closed.
 *
 * <p>An array with a list of its free slots: eight bytes a connection, where a concurrent set takes
 * forty, and a pass over all of them runs through memory in order, without a lock.
 */
public final class ConnectionRegistry {
  /** The slot of a connection that is not in a registry. */
  static final int NO_SLOT = -1;

  private final ReentrantLock lock = new ReentrantLock();

  /** Replaced by a longer one under lock; elements are written under lock and read by anybody. */
  private volatile AtomicReferenceArray<@Nullable SocketConnection> slots =
      new AtomicReferenceArray<>(64);

  /** The slots that are free, the first {@link #freeCount} elements of it; guarded by lock. */
  private int[] free = new int[64];

  /** Guarded by lock. */
  private int freeCount;

  /** Sockets by UDP that were opened here: they need nothing but to be closed at the end. */
  private final Set<Closeable> adopted = ConcurrentHashMap.newKeySet();

  /** Whether what is adopted comes too late; set once, by whoever ends the home. */
  private volatile boolean closesAdopted;

  public ConnectionRegistry() {
    addFree(0, slots.length());
  }

  /** Adds a connection and gives it a slot. */
  public void add(SocketConnection connection) {
    lock.lock();
    try {
      if (freeCount == 0) {
        grow();
      }
      int slot = free[--freeCount];
      connection.slot = slot;
      slots.set(slot, connection);
    } finally {
      lock.unlock();
    }
  }

  /** Removes a connection; has no effect if it was removed before. */
  public void remove(SocketConnection connection) {
    lock.lock();
    try {
      if (connection.slot >= 0) {
        slots.set(connection.slot, null);
        free[freeCount++] = connection.slot;
        connection.slot = NO_SLOT;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Closes a socket at the end, if nobody closes it before; at once if that end has come. */
  public void adopt(Closeable socket) {
    adopted.add(socket);
    if (closesAdopted) {
      closeAdopted();
    }
  }

  /** Leaves a socket to its owner, who has closed it. */
  public void forget(Closeable socket) {
    adopted.remove(socket);
  }

  /** Closes what was adopted and not forgotten, and what will be. */
  public void closeAdopted() {
    closesAdopted = true;
    for (Closeable socket : adopted) {
      try {
        socket.close();
      } catch (IOException e) {
        Log.closeFailed(socket, e);
      } finally {
        forget(socket);
      }
    }
  }

  /**
   * Calls the action for every connection that is there from the beginning of this call to its end,
   * and perhaps for some that come or go meanwhile.
   */
  public void forEach(Consumer<? super SocketConnection> action) {
    forEach(0, slots(), action);
  }

  /** The same for the connections in some of the slots. */
  public void forEach(int from, int to, Consumer<? super SocketConnection> action) {
    AtomicReferenceArray<@Nullable SocketConnection> all = slots;
    for (int i = from; i < to; i++) {
      SocketConnection connection = all.get(i);
      if (connection != null) {
        action.accept(connection);
      }
    }
  }

  /** The connection in a slot, or null. */
  public @Nullable SocketConnection at(int slot) {
    return slots.get(slot);
  }

  /** How many slots there are, free ones included; they only become more. */
  public int slots() {
    return slots.length();
  }

  /** Whether none is there. */
  public boolean isEmpty() {
    lock.lock();
    try {
      return freeCount == slots.length();
    } finally {
      lock.unlock();
    }
  }

  private void grow() {
    AtomicReferenceArray<@Nullable SocketConnection> old = slots;
    var longer = new AtomicReferenceArray<@Nullable SocketConnection>(old.length() * 2);
    for (int i = 0; i < old.length(); i++) {
      longer.setPlain(i, old.get(i));
    }
    free = Arrays.copyOf(free, longer.length());
    addFree(old.length(), longer.length());
    slots = longer;
  }

  /** Low slots are given out first, so that the array stays dense at its beginning. */
  private void addFree(int from, int to) {
    for (int slot = to - 1; slot >= from; slot--) {
      free[freeCount++] = slot;
    }
  }
}
