package io.plainweave.internal.connection;

import io.plainweave.event.ServerEvent;
import io.plainweave.internal.time.Ticks;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Applies the time limits to all connections, round after round. Where there are many, only a part
 * of them is looked at in each tick, so that each has its turn once a second. Only the thread of a
 * reaper uses it.
 */
public final class TimeRounds {
  /** Of more slots than this only a part is looked at in each tick. */
  private static final int ALL_AT_ONCE = 10_000;

  private static final int PARTS = 1_000 / Ticks.MILLIS;

  /** After how many ticks without a byte a write is told to stall. */
  private static final int STALL = 1_000 / Ticks.MILLIS;

  private final ConnectionRegistry registry;

  /** Those that are told to stall, and when their last byte has left before. */
  private final Map<SocketConnection, Integer> stalled = new LinkedHashMap<>();

  /** The slot at which the next part begins. */
  private int next;

  public TimeRounds(ConnectionRegistry registry) {
    this.registry = registry;
  }

  /** Looks at the connections whose turn it is; called in each tick. */
  public void check(int now) {
    int slots = registry.slots();
    int end = slots <= ALL_AT_ONCE ? slots : Math.min(slots, next + slots / PARTS + 1);
    registry.forEach(next, end, connection -> check(connection, now, false));
    next = end == slots ? 0 : end;
    if (next == 0) {
      checkStalled(now);
    }
  }

  /** By the limits of its listener, or its own. */
  public void check(SocketConnection connection, int now, boolean draining) {
    if (connection.socketOutput().isSending()) {
      tellIfStalled(connection, now);
    }
    connection.home().timeCheck().apply(connection, now, draining);
  }

  private void tellIfStalled(SocketConnection connection, int now) {
    SendState output = connection.socketOutput();
    if (!connection.isOutbound()
        && connection.phase() == ConnectionPhase.HANDLER
        && output.isQuietFor(STALL, now)
        && stalled.putIfAbsent(connection, output.lastSent()) == null) {
      Home home = connection.home();
      home.counts().writeStall();
      home.observer().onEvent(new ServerEvent.WriteStallBegan(connection, home.listenerName()));
    }
  }

  /** Tells of those that do not stall any more. */
  public void checkStalled(int now) {
    if (!stalled.isEmpty()) {
      // No lambda: it would be linked for good or ill when memory may be short for the first time.
      for (var all = stalled.entrySet().iterator(); all.hasNext(); ) {
        var each = all.next();
        if (tellIfOver(each.getKey(), each.getValue(), now)) {
          all.remove();
        }
      }
    }
  }

  private static boolean tellIfOver(SocketConnection connection, int since, int now) {
    SendState output = connection.socketOutput();
    if (connection.isOpen() && output.isSending() && output.lastSent() == since) {
      return false;
    }
    Home home = connection.home();
    Duration elapsed = Duration.ofMillis((long) (now - since) * Ticks.MILLIS);
    home.observer()
        .onEvent(new ServerEvent.WriteStallEnded(connection, home.listenerName(), elapsed));
    return true;
  }
}
