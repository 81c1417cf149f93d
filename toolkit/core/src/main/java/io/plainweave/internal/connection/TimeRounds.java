package io.plainweave.internal.connection;

import io.plainweave.internal.time.Ticks;

/**
 * Applies the time limits to all connections, round after round. Where there are many, only a part
 * of them is looked at in each tick, so that each has its turn once a second. Only the thread of a
 * reaper uses it.
 */
public final class TimeRounds {
  /** Of more slots than this only a part is looked at in each tick. */
  private static final int ALL_AT_ONCE = 10_000;

  private static final int PARTS = 1_000 / Ticks.MILLIS;

  private final ConnectionRegistry registry;

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
  }

  /** By the limits of its listener, or its own. */
  public static void check(SocketConnection connection, int now, boolean draining) {
    connection.home().timeCheck().apply(connection, now, draining);
  }
}
