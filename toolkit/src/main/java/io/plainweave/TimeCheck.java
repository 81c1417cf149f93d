package io.plainweave;

import org.jspecify.annotations.Nullable;

/** The time limits as the reaper applies them: the rules, all in one place. */
final class TimeCheck {
  /** What a connection whose input was ended by a time limit may take to say goodbye. */
  private static final int GOODBYE = 2_000 / Ticks.MILLIS;

  /**
   * How long to linger at most while the server drains: its end is not to wait for peers that do
   * not read.
   */
  private static final int LINGER_IN_DRAIN = 500 / Ticks.MILLIS;

  /** A rate is no rate before this. */
  private static final int RATE_GRACE = 5_000 / Ticks.MILLIS;

  /** The limits in ticks, {@link Ticks#NEVER} for none. */
  private record Limits(
      int firstByte,
      int message,
      int idle,
      int writeStall,
      int halfClosed,
      int lifetime,
      int linger,
      long minReceiveRate) {
    static Limits of(TimeLimits limits) {
      return new Limits(
          Ticks.ofLimit(limits.firstByte()),
          Ticks.ofLimit(limits.message()),
          Ticks.ofLimit(limits.idle()),
          Ticks.ofLimit(limits.writeStall()),
          Ticks.ofLimit(limits.halfClosed()),
          Ticks.ofLimit(limits.lifetime()),
          Ticks.of(limits.linger()),
          limits.minReceiveRate());
    }
  }

  /** Replaced when the limits are changed, by any thread. */
  private volatile Limits limits;

  TimeCheck(TimeLimits limits) {
    this.limits = Limits.of(limits);
  }

  void change(TimeLimits limits) {
    this.limits = Limits.of(limits);
  }

  boolean lingers() {
    return limits.linger > 0;
  }

  /** Ends the connection if a limit has run out. */
  void apply(SocketConnection connection, int now, boolean draining) {
    Limits all = limits;
    if (connection.lingering) {
      int linger = draining ? Math.min(all.linger, LINGER_IN_DRAIN) : all.linger;
      if (now - connection.outputFinishedAt >= linger) {
        connection.closeSocket();
      }
      return;
    }
    TimeLimit reset = resetBy(all, connection, now);
    if (reset != null) {
      connection.abort(new CloseReason.TimedOut(reset));
      return;
    }
    TimeLimit ended = inputEndedBy(all, connection, now);
    if (ended != null) {
      connection.endInput(new CloseReason.TimedOut(ended), now);
    }
    for (ConnectionScope scope = connection.scope; scope != null; scope = scope.outer) {
      scope.checkDeadline(now);
    }
  }

  /** The limit for which the connection is to be reset. */
  private static @Nullable TimeLimit resetBy(Limits all, SocketConnection connection, int now) {
    if (connection.writing != 0 && now - connection.lastSent >= all.writeStall) {
      return TimeLimit.WRITE_STALL;
    }
    return switch (connection.activity) {
      case WORKING -> null;
      case WAITING ->
          connection.outputFinished
                  && now - connection.outputFinishedAt >= all.halfClosed
                  && now - connection.lastReceived >= all.halfClosed
              ? TimeLimit.HALF_CLOSED
              : null;
      case IN_MESSAGE, WAITING_IN_MESSAGE -> {
        int taken = now - connection.messageSince;
        yield taken >= all.message
            ? TimeLimit.MESSAGE
            : isTooSlow(all, connection, taken) ? TimeLimit.RECEIVE_RATE : null;
      }
      case DRAINED ->
          connection.goodbye instanceof CloseReason.TimedOut(TimeLimit limit)
                  && now - connection.inputEndedAt >= GOODBYE
              ? limit
              : null;
    };
  }

  private static boolean isTooSlow(Limits all, SocketConnection connection, int taken) {
    return all.minReceiveRate > 0
        && taken >= RATE_GRACE
        && connection.activity == ConnectionActivity.WAITING_IN_MESSAGE
        && connection.receivedInMessage() * 1000 < all.minReceiveRate * taken * Ticks.MILLIS;
  }

  /** The limit for which the handler, which waits for a message, is to read end of stream. */
  private static @Nullable TimeLimit inputEndedBy(
      Limits all, SocketConnection connection, int now) {
    if (connection.activity != ConnectionActivity.WAITING) {
      return null;
    }
    if (now - connection.openedAt >= all.lifetime - shortenedBy(all.lifetime, connection.slot)) {
      return TimeLimit.LIFETIME;
    }
    if (connection.receivedNothing() && now - connection.openedAt >= all.firstByte) {
      return TimeLimit.FIRST_BYTE;
    }
    return now - connection.lastReceived >= all.idle && now - connection.lastSent >= all.idle
        ? TimeLimit.IDLE
        : null;
  }

  /** Up to a tenth, by the slot, which is as good as chance here and needs no field. */
  private static int shortenedBy(int lifetime, int slot) {
    return lifetime == Ticks.NEVER ? 0 : (int) (Spread.of(slot) * lifetime / 10);
  }
}
