package io.plainweave.internal.connection;

import io.plainweave.CloseReason;
import io.plainweave.TimeLimits;
import io.plainweave.internal.time.Ticks;
import java.io.IOException;
import java.util.List;

/**
 * Takes the connections of a listener through their handshake. Only so many of a server are at a
 * time in a step that costs more than most that comes later; the others wait for their turn, and
 * their time runs.
 */
public final class HandshakeRunner {
  private final List<HandshakeStep> steps;
  private final boolean tellsSource;

  /** Shared by all listeners of the server. */
  private final HandshakeTurns turns;

  public HandshakeRunner(List<HandshakeStep> steps, HandshakeTurns turns) {
    this.steps = List.copyOf(steps);
    this.turns = turns;
    this.tellsSource = steps.stream().anyMatch(HandshakeStep::admitsSource);
  }

  /** One with other steps, that shares the turns. */
  public HandshakeRunner of(List<HandshakeStep> steps) {
    return new HandshakeRunner(steps, turns);
  }

  public HandshakeTurns turns() {
    return turns;
  }

  /** Whether there is no handshake. */
  boolean isEmpty() {
    return steps.isEmpty();
  }

  /** Whether the source of a connection is not known before a step of the handshake has told it. */
  public boolean tellsSource() {
    return tellsSource;
  }

  /**
   * Runs all steps.
   *
   * @param mostMillis how long to wait for a turn, counted from the beginning of the handshake
   * @return false if there is nothing to serve
   */
  boolean run(SocketConnection connection, long mostMillis)
      throws IOException, InterruptedException {
    for (HandshakeStep step : steps) {
      boolean passed =
          step.needsTurn() ? runInTurn(step, connection, mostMillis) : step.run(connection);
      if (!passed) {
        return false;
      }
    }
    return true;
  }

  /**
   * Runs a step when it is its turn.
   *
   * @param mostMillis how long to wait for it, counted from the beginning of the handshake
   * @return false if there is nothing to serve
   */
  boolean runInTurn(HandshakeStep step, SocketConnection connection, long mostMillis)
      throws IOException, InterruptedException {
    step.awaitPeer(connection);
    if (!connection.isOpen()) {
      // Its time was up, or the server drains: it must not keep its permits for a turn.
      return false;
    }
    long taken = (long) (connection.now() - connection.phaseSince) * Ticks.MILLIS;
    if (!turns.take(mostMillis - taken)) {
      // The reaper may be late, and a connection that is not served has not just finished.
      connection.abort(new CloseReason.TimedOut(TimeLimits.Kind.HANDSHAKE));
      return false;
    }
    try {
      turns.begin(connection);
      return step.run(connection);
    } finally {
      turns.end(connection);
    }
  }
}
