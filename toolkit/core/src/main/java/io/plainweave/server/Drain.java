package io.plainweave.server;

import io.plainweave.CloseReason;
import io.plainweave.event.DrainReport;
import io.plainweave.event.HandlerPosition;
import io.plainweave.event.ServerEvent;
import io.plainweave.internal.connection.ConnectionRegistry;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Spread;
import io.plainweave.internal.time.Ticks;
import io.plainweave.internal.udp.DatagramRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one drain of a server: when what happens, and what has become of the connections.
 *
 * <pre>
 *   begin ── delay ──→ listeners close ── spread ──→ everyone was told ── ... ──→ deadline: cancel
 *                                                    └─ none is left ──→ those for administration
 * </pre>
 */
final class Drain {
  /** Enough to see what is wrong; a stack trace of each of a million would be none. */
  private static final int MOST_POSITIONS = 100;

  // In ticks. As long as they may be, their sums are not to wrap around.
  private final long delay;
  private final long spread;
  private final long timeout;

  private final Ticks ticks;

  /** Set once by the thread that begins, after the two fields below. */
  private volatile boolean begun;

  private int begunAt;
  private long begunNanos;

  /** Set once, when somebody wants an end. */
  private volatile boolean hasDeadline;

  /** Set once, by the reaper, when the last connection of the service has ended. */
  private volatile boolean finishesAdmin;

  // Set once, before the connections are cancelled that are known: what is registered later finds
  // its flag set, and what was registered before is found.
  private volatile boolean cancelsAccepted;
  private volatile boolean cancelsOutbound;

  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicInteger forced = new AtomicInteger();
  private final List<HandlerPosition> forcedAt = new CopyOnWriteArrayList<>();

  /** Held while the observers are told of the beginning and of the end. */
  private final ReentrantLock telling = new ReentrantLock();

  /** Set once; guarded by the lock. */
  private @Nullable DrainReport concluded;

  /** Checks one of its times, as soon as a builder is told it. */
  static Duration notNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative: " + value);
    }
    return value;
  }

  Drain(Duration delay, Duration spread, Duration timeout, Ticks ticks) {
    this.delay = Ticks.of(delay);
    this.spread = Ticks.of(spread);
    this.timeout = Ticks.of(timeout);
    this.ticks = ticks;
  }

  /**
   * Begins, unless it has, and tells the observers. They hear of the end after that; but the drain
   * does not wait for them, nor does anybody who would begin it, too.
   *
   * @return whether this call has begun it
   */
  boolean begin(Lifecycle lifecycle, ServerHome home) {
    if (!telling.tryLock()) {
      return false;
    }
    try {
      if (!lifecycle.advanceTo(ServerState.DRAINING)) {
        return false;
      }
      begunAt = ticks.now();
      begunNanos = System.nanoTime();
      begun = true;
      int open = home.admission().connections() + home.datagrams().handlers();
      home.observer().onEvent(new ServerEvent.DrainBegan(open));
      return true;
    } finally {
      telling.unlock();
    }
  }

  /** Cancels what is left when the delay and the timeout have passed since the beginning. */
  void limit() {
    hasDeadline = true;
  }

  /**
   * Whether the listeners are to finish: the time is over in which others learn that this server is
   * not ready.
   */
  boolean finishesListeners(int now) {
    return begun && now - begunAt >= delay;
  }

  /** Whether the connection in this slot is to be told. */
  boolean finishes(int slot, int now) {
    return begun && now - begunAt >= delay + (long) (Spread.of(slot) * spread);
  }

  /** Lets the connections end that are for administration: no other is left. */
  void finishAdmin() {
    finishesAdmin = true;
  }

  /** Whether the connections for administration are to be told. */
  boolean finishesAdmin() {
    return finishesAdmin;
  }

  /** Whether the time to drain has run out. */
  boolean isOver(int now) {
    return hasDeadline && begun && now - begunAt >= delay + timeout;
  }

  /** Counts a connection that has ended. */
  void connectionEnded(@Nullable CloseReason reason) {
    if (begun && !(reason instanceof CloseReason.Cancelled)) {
      finished.incrementAndGet();
    }
  }

  /**
   * Cancels all connections that have not ended by themselves, and notes where they stand. Last,
   * and not counted, come those for administration and those that handlers have opened: a handler
   * that fails for the loss of one is cancelled already.
   */
  void cancel(ConnectionRegistry registry, DatagramRegistry datagrams) {
    cancelsAccepted = true;
    registry.forEach(connection -> {
      if (!connection.isOutbound() && !connection.home().isAdmin()) {
        force(connection::position, connection::cancel);
      }
    });
    datagrams.forEach(run -> force(run::position, run::cancel));
    cancelsOutbound = true;
    registry.forEach(SocketConnection::cancel);
    registry.closeAdopted();
  }

  /** Whether a connection that was just registered may have come too late to be cancelled. */
  boolean cancels(SocketConnection registered) {
    return registered.isOutbound() ? cancelsOutbound : cancelsAccepted;
  }

  /** Whether a datagram's handler that is about to begin would come too late to be cancelled. */
  boolean cancelsDatagrams() {
    return cancelsAccepted;
  }

  private void force(Supplier<@Nullable HandlerPosition> where, BooleanSupplier cancel) {
    HandlerPosition position = forced.get() < MOST_POSITIONS ? where.get() : null;
    // Counted before, since the end of the last one may conclude the drain at once.
    forced.incrementAndGet();
    if (position != null) {
      forcedAt.add(position);
    }
    if (!cancel.getAsBoolean()) {
      forced.decrementAndGet();
      forcedAt.remove(position);
    }
  }

  /**
   * Makes the one report when all is over, and tells of it the first time. Nobody has the report
   * before the observers do: a program that ends when it has drained would cut them off.
   */
  DrainReport conclude(ServerHome home) {
    telling.lock();
    try {
      DrainReport report = concluded;
      if (report == null) {
        report = report(home);
        concluded = report; // before the telling, since an observer may ask for it
        if (begun) {
          home.observer().onEvent(new ServerEvent.DrainEnded(report));
        }
      }
      return report;
    } finally {
      telling.unlock();
    }
  }

  /** What is known now. */
  DrainReport report(ServerHome home) {
    List<HandlerPosition> left = new ArrayList<>();
    home.registry().forEach(connection -> addPosition(left, connection::position));
    home.datagrams().forEach(run -> addPosition(left, run::position));
    Duration elapsed = begun ? Duration.ofNanos(System.nanoTime() - begunNanos) : Duration.ZERO;
    return new DrainReport(
        finished.get(), forced.get(), forcedAt, left, home.background().positions(), elapsed);
  }

  private static void addPosition(
      List<HandlerPosition> positions, Supplier<@Nullable HandlerPosition> where) {
    HandlerPosition position = positions.size() < MOST_POSITIONS ? where.get() : null;
    if (position != null) {
      positions.add(position);
    }
  }
}
