package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.TimeLimits;
import io.plainweave.internal.time.Spread;
import io.plainweave.internal.time.Ticks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The time limits as the reaper applies them: the rules, all in one place. There is one for all
 * that share their limits: for a server, for each of its listeners, and for a connection that has
 * limits of its own.
 */
public final class TimeCheck {
  /** What a connection whose input was ended for its time may take to say goodbye. */
  private static final int GOODBYE = 2_000 / Ticks.MILLIS;

  /**
   * How long a handshake or a linger takes at most while the server drains: its end is not to wait
   * for peers that do not send or read.
   */
  private static final int MOST_IN_DRAIN = 500 / Ticks.MILLIS;

  /** A rate is no rate before this. */
  private static final int RATE_GRACE = 5_000 / Ticks.MILLIS;

  /** The limits in ticks, {@link Ticks#NEVER} for none. */
  private record Limits(
      TimeLimits source,
      int handshake,
      int firstByte,
      int message,
      int idle,
      int silence,
      int writeStall,
      int halfClosed,
      int lifetime,
      int linger,
      long minReceiveRate) {
    static Limits of(TimeLimits limits) {
      return new Limits(
          limits,
          Ticks.ofLimit(limits.handshake()),
          Ticks.ofLimit(limits.firstByte()),
          Ticks.ofLimit(limits.message()),
          Ticks.ofLimit(limits.idle()),
          Ticks.ofLimit(limits.silence()),
          Ticks.ofLimit(limits.writeStall()),
          Ticks.ofLimit(limits.halfClosed()),
          Ticks.ofLimit(limits.lifetime()),
          Ticks.of(limits.linger()),
          limits.minReceiveRate());
    }
  }

  /** Whose limits apply until there are own ones; null for those of a server. */
  private final @Nullable TimeCheck common;

  /** Replaced when the limits are changed, by any thread; null only where there are common ones. */
  private volatile @Nullable Limits own;

  public TimeCheck(TimeLimits limits) {
    this.common = null;
    this.own = Limits.of(limits);
  }

  private TimeCheck(TimeCheck common) {
    this.common = common;
  }

  /** One with these limits, or with the common ones, whatever they are, until it is changed. */
  public static TimeCheck of(@Nullable TimeLimits limits, TimeCheck common) {
    return limits == null ? new TimeCheck(common) : new TimeCheck(limits);
  }

  public void change(TimeLimits limits) {
    own = Limits.of(limits);
  }

  public TimeLimits timeLimits() {
    return limits().source;
  }

  private Limits limits() {
    Limits limits = own;
    return limits != null ? limits : Objects.requireNonNull(common).limits();
  }

  /** How long the handshake may take, in milliseconds. */
  long handshakeMillis() {
    return (long) limits().handshake * Ticks.MILLIS;
  }

  /** After how many ticks without a datagram a session ends. */
  public int idleTicks() {
    return limits().idle;
  }

  boolean lingers() {
    return limits().linger > 0;
  }

  /** Ends the connection, or its input, if it has taken too long; called by the reaper. */
  public void apply(SocketConnection connection, int now, boolean draining) {
    Limits limits = limits();
    switch (connection.phase()) {
      case HANDSHAKE -> applyToHandshake(limits, connection, now, draining);
      case HANDLER -> applyToHandler(limits, connection, now);
      case LINGER -> applyToLinger(limits, connection, now, draining);
    }
  }

  private static void applyToHandshake(
      Limits limits, SocketConnection connection, int now, boolean draining) {
    boolean drains = draining && !connection.isOutbound();
    int handshake = limits.handshake;
    int most = drains ? Math.min(handshake, MOST_IN_DRAIN) : handshake;
    if (now - connection.phaseSince >= most) {
      connection.abort(
          drains ? new CloseReason.Drained() : new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE));
    }
  }

  private static void applyToHandler(Limits limits, SocketConnection connection, int now) {
    MessageState input = connection.input();
    SendState output = connection.socketOutput();
    TimeLimits.Kind over = endsConnection(limits, connection, input, output, now);
    TimeLimits.Kind ended = endsInput(limits, connection, input, output, now);
    if (over != null) {
      end(connection, new CloseReason.TimedOut(over));
    } else if (ended != null) {
      input.end(new CloseReason.TimedOut(ended), now);
    }
    // In any case: who waits for a scope hears from nobody else that the connection has ended.
    connection.checkDeadlines(now);
  }

  private static void end(SocketConnection connection, CloseReason.TimedOut why) {
    if (why.limit() == TimeLimits.Kind.HALF_CLOSED) {
      // No reset: what the kernel still has of our output, behind which is its end, may be on its
      // way to a peer that reads slowly, and nobody can tell.
      connection.close(why);
    } else {
      connection.abort(why);
    }
  }

  private static void applyToLinger(
      Limits limits, SocketConnection connection, int now, boolean draining) {
    int linger = limits.linger;
    int most = draining ? Math.min(linger, MOST_IN_DRAIN) : linger;
    if (now - connection.socketOutput().finishedAt() >= most) {
      connection.closeSocket();
    }
    connection.checkDeadlines(now);
  }

  /** The limit for which the connection is to end at once. */
  private static TimeLimits.@Nullable Kind endsConnection(
      Limits all, SocketConnection connection, MessageState input, SendState output, int now) {
    if (output.isSending() && output.isQuietFor(all.writeStall, now)) {
      return TimeLimits.Kind.WRITE_STALL;
    }
    return switch (input.activity()) {
      case WORKING -> null;
      case WAITING -> {
        if (output.isFinished()
            && now - output.finishedAt() >= all.halfClosed
            && now - input.waitingSince() >= all.halfClosed) {
          yield TimeLimits.Kind.HALF_CLOSED;
        }
        if (connection.isOutbound() && now - input.waitingSince() >= all.silence) {
          yield TimeLimits.Kind.SILENCE;
        }
        // It is for no handler to take this end for the end of a reply. In a relay, where both
        // sides are idle as long, the accepted one ends first, in order.
        boolean idle = connection.isOutbound() && isQuiet(input, output, now - GOODBYE, all.idle);
        yield idle ? TimeLimits.Kind.IDLE : null;
      }
      case IN_MESSAGE, WAITING_IN_MESSAGE -> messageLimit(all, input, now);
      case DRAINED, CLOSED ->
          input.endedBy() instanceof CloseReason.TimedOut(TimeLimits.Kind limit)
                  && now - input.endedAt() >= GOODBYE
              ? limit
              : null;
    };
  }

  private static TimeLimits.@Nullable Kind messageLimit(Limits all, MessageState input, int now) {
    int taken = now - input.messageSince();
    if (input.isOpening()) {
      return taken >= all.handshake ? TimeLimits.Kind.HANDSHAKE : null;
    }
    if (taken >= all.message) {
      return TimeLimits.Kind.MESSAGE;
    }
    boolean waits = input.activity() == ConnectionActivity.WAITING_IN_MESSAGE;
    if (waits && now - input.waitingSince() >= all.silence) {
      return TimeLimits.Kind.SILENCE;
    }
    return waits && taken >= RATE_GRACE && receiveRate(input, taken) < all.minReceiveRate
        ? TimeLimits.Kind.RECEIVE_RATE
        : null;
  }

  /** In bytes per second. */
  private static long receiveRate(MessageState input, int taken) {
    return input.receivedInMessage() * 1000 / ((long) taken * Ticks.MILLIS);
  }

  /** The limit for which a handler that waits for a message is to read end of stream. */
  private static TimeLimits.@Nullable Kind endsInput(
      Limits all, SocketConnection connection, MessageState input, SendState output, int now) {
    if (connection.isOutbound() || input.activity() != ConnectionActivity.WAITING) {
      return null;
    }
    int age = now - connection.openedAt();
    if (age >= all.lifetime - shortenedBy(all.lifetime, connection.slot)) {
      return TimeLimits.Kind.LIFETIME;
    }
    // While nothing was received there was but one wait.
    if (input.received() == 0
        && output.sent() == 0
        && now - input.waitingSince() >= all.firstByte) {
      return TimeLimits.Kind.FIRST_BYTE;
    }
    if (now - input.waitingSince() >= all.silence) {
      return TimeLimits.Kind.SILENCE;
    }
    return isQuiet(input, output, now, all.idle) ? TimeLimits.Kind.IDLE : null;
  }

  /** Whether no byte has come or gone for so long while the handler waits for input. */
  private static boolean isQuiet(MessageState input, SendState output, int now, int ticks) {
    return now - input.waitingSince() >= ticks && output.isQuietFor(ticks, now);
  }

  /** Up to a tenth, by the slot, which is as good as chance here and needs no field. */
  private static int shortenedBy(int lifetime, int slot) {
    return lifetime == Ticks.NEVER ? 0 : (int) (Spread.of(slot) * lifetime / 10);
  }
}
