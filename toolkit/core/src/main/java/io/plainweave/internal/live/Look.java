package io.plainweave.internal.live;

import io.plainweave.internal.connection.ConnectionActivity;
import io.plainweave.internal.connection.ConnectionInput;
import io.plainweave.internal.connection.ConnectionOutput;
import io.plainweave.internal.connection.ConnectionPhase;
import io.plainweave.internal.connection.SocketConnection;
import io.plainweave.internal.time.Ticks;
import io.plainweave.status.ConnectionState;
import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.WaitsFor;
import java.time.Duration;
import java.util.Optional;

/** A look at a connection that goes on meanwhile, by a thread that it does not know. */
final class Look {
  private Look() {}

  static ConnectionStatus at(SocketConnection connection) {
    int now = connection.now();
    ConnectionState state = state(connection);
    boolean outbound = connection.isOutbound();
    return new ConnectionStatus(
        connection.id(),
        outbound,
        outbound ? Optional.empty() : Optional.ofNullable(connection.home().listener()),
        connection.localAddress(),
        connection.remoteAddress(),
        state,
        since(beginning(state, connection), now),
        waitsFor(state, connection),
        since(connection.openedAt(), now),
        connection.input().received(),
        connection.socketOutput().sent());
  }

  static ConnectionState state(SocketConnection connection) {
    ConnectionPhase phase = connection.phase();
    if (connection.channel().isOpen() && phase == ConnectionPhase.LINGER) {
      return ConnectionState.LINGERING;
    }
    if (connection.reason() != null || !connection.channel().isOpen()) {
      return ConnectionState.ENDING;
    }
    if (phase == ConnectionPhase.HANDSHAKE) {
      return ConnectionState.HANDSHAKE;
    }
    return connection.socketOutput().isSending()
        ? ConnectionState.WRITING
        : readingState(connection.input().activity(), connection.isOutbound());
  }

  private static ConnectionState readingState(ConnectionActivity activity, boolean outbound) {
    return switch (activity) {
      case WORKING -> outbound ? ConnectionState.AT_REST : ConnectionState.WORKING;
      case WAITING -> ConnectionState.WAITING;
      case IN_MESSAGE -> ConnectionState.IN_MESSAGE;
      case WAITING_IN_MESSAGE -> ConnectionState.WAITING_IN_MESSAGE;
      case DRAINED, CLOSED -> ConnectionState.ENDING;
    };
  }

  /** The tick since which it is in a state. */
  private static int beginning(ConnectionState state, SocketConnection connection) {
    ConnectionInput input = connection.input();
    ConnectionOutput output = connection.socketOutput();
    return switch (state) {
      case HANDSHAKE -> connection.phaseSince();
      case WAITING, WORKING -> input.waitingSince();
      case IN_MESSAGE, WAITING_IN_MESSAGE -> input.messageSince();
      case WRITING -> output.lastSent();
      // Where the close is to finish it, that comes next.
      case LINGERING -> output.isFinished() ? output.finishedAt() : connection.now();
      case ENDING ->
          input.endedBy() != null
              ? input.endedAt()
              : later(input.waitingSince(), output.lastSent());
      case AT_REST -> later(input.waitingSince(), output.lastSent());
    };
  }

  /** Ticks wrap around. */
  private static int later(int one, int other) {
    return one - other > 0 ? one : other;
  }

  /** What was noted after the look at the clock has taken no time. */
  private static Duration since(int tick, int now) {
    return Duration.ofMillis(Math.max(0L, now - tick) * Ticks.MILLIS);
  }

  private static WaitsFor waitsFor(ConnectionState state, SocketConnection connection) {
    boolean awaited = connection.channel().isAwaited();
    return switch (state) {
      case HANDSHAKE -> awaited ? WaitsFor.INPUT : WaitsFor.NOTHING;
      case WAITING, WAITING_IN_MESSAGE -> WaitsFor.INPUT;
      case WRITING -> connection.channel().isRoomAwaited() ? WaitsFor.ROOM : WaitsFor.NOTHING;
      case LINGERING -> awaited ? WaitsFor.PEERS_END : WaitsFor.NOTHING;
      case WORKING, IN_MESSAGE, ENDING, AT_REST -> WaitsFor.NOTHING;
    };
  }
}
