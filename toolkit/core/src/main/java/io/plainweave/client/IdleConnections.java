package io.plainweave.client;

import io.plainweave.internal.connection.Home;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Spread;
import io.plainweave.internal.time.Ticks;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a pool that nobody uses. The one that was given back last is lent first, so
 * that those that are not needed become old, and are closed.
 *
 * <p>No thread looks after them: each call sees to it that those whose time is over are closed. The
 * time limits of a connection do not count while no thread waits for input.
 */
final class IdleConnections {
  /** One of them, where it lives, and the tick at which it was given back. */
  private record Idle(SocketConnection connection, Home home, int since) {}

  private final PoolLimits limits;
  private final int idleTicks;
  private final int maxAgeTicks;
  private final ReentrantLock lock = new ReentrantLock();

  /** The latest first; guarded by lock. */
  private final Deque<Idle> idle = new ArrayDeque<>();

  /** Guarded by lock. */
  private boolean closed;

  IdleConnections(PoolLimits limits) {
    this.limits = limits;
    this.idleTicks = Ticks.ofLimit(limits.idleTime());
    this.maxAgeTicks = Ticks.ofLimit(limits.maxAge());
  }

  /** Takes one that lives there; null if there is none. */
  @SuppressWarnings("ReferenceEquality") // a home is itself only
  @Nullable SocketConnection take(Home home) {
    while (true) {
      Idle latest = removeOldAndTake();
      if (latest == null) {
        return null;
      }
      if (latest.home == home && isUsable(latest.connection)) {
        return latest.connection;
      }
      close(latest.connection);
    }
  }

  private @Nullable Idle removeOldAndTake() {
    List<Idle> old = new ArrayList<>();
    lock.lock();
    try {
      removeOld(old);
      return idle.pollFirst();
    } finally {
      lock.unlock();
      old.forEach(one -> close(one.connection));
    }
  }

  /** Whether the connection is open, and the peer has sent nothing that nobody has asked for. */
  private static boolean isUsable(SocketConnection connection) {
    try {
      return connection.isOpen() && connection.input().isSilent();
    } catch (IOException lost) {
      return false;
    }
  }

  /**
   * Keeps a connection.
   *
   * @return false if it is not to be kept, and is still the caller's
   */
  boolean keep(SocketConnection connection, Home home) {
    if (!isAtRest(connection) || isTooOld(connection)) {
      return false;
    }
    List<Idle> old = new ArrayList<>();
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      idle.addFirst(new Idle(connection, home, connection.now()));
      removeOld(old);
    } finally {
      lock.unlock();
      old.forEach(one -> close(one.connection));
    }
    return true;
  }

  /** Moves those that are not to be kept into the list; called under lock. */
  private void removeOld(List<Idle> old) {
    while (idle.size() > limits.maxIdle()) {
      old.add(idle.removeLast());
    }
    idle.removeIf(one -> {
      boolean over =
          one.connection.now() - one.since >= idleTicks
              || isTooOld(one.connection)
              || !one.connection.isOpen();
      return over && old.add(one);
    });
  }

  private boolean isTooOld(SocketConnection connection) {
    int shortened =
        maxAgeTicks == Ticks.NEVER ? 0 : (int) (Spread.of(connection.slot()) * maxAgeTicks / 10);
    return connection.now() - connection.openedAt() >= maxAgeTicks - shortened;
  }

  /** Closes them, and keeps none from now on. */
  void close() {
    List<Idle> all;
    lock.lock();
    try {
      closed = true;
      all = List.copyOf(idle);
      idle.clear();
    } finally {
      lock.unlock();
    }
    all.forEach(one -> close(one.connection));
  }

  int size() {
    lock.lock();
    try {
      return idle.size();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a connection is open, and nothing is begun in it. */
  static boolean isAtRest(SocketConnection connection) {
    return connection.isOpen()
        && connection.scopes().isEmpty()
        && connection.input().isAtRest()
        && connection.socketOutput().isAtRest();
  }

  /** Ends a connection in order. Nothing is on its way, so that there is nothing to wait for. */
  static void close(SocketConnection connection) {
    try {
      if (connection.isOpen()) {
        connection.finishOutput();
      }
    } catch (IOException lost) {
      // It has ended by itself.
    } finally {
      connection.closeSocket();
    }
  }
}
