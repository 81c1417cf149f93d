package io.plainweave.loadtests.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Messages that become due at a fixed rate, whatever the server does.
 *
 * <p>Each goes to the connection that has been idle for longest. Its latency counts from when it
 * was due: a server that stops for a second is charged for every message of that second, which a
 * closed loop would not have sent (coordinated omission).
 *
 * <p>Belongs to the thread of its {@link ClientLoop}.
 */
final class OpenLoad implements Behaviour {
  private final ClientLoop loop;
  private final Pace pace;
  private final long answeredBefore;
  private final Queue<ClientConnection> idle = new ArrayDeque<>();

  OpenLoad(ClientLoop loop, double rate, long messages) {
    this.loop = loop;
    this.pace = new Pace(System.nanoTime(), rate, messages);
    this.answeredBefore = loop.answered();
    loop.connections().stream().filter(ClientConnection::isIdle).forEach(idle::add);
    loop.observeIdle(idle::add);
  }

  /** Sends what is due, as far as there are connections to send it on. */
  @Override
  public void act() {
    for (int i = 0; i < Pace.BURST && pace.isDue() && !idle.isEmpty(); i++) {
      ClientConnection connection = idle.remove();
      if (connection.isIdle()) { // it may have ended since
        loop.exchange(connection, pace.take());
      }
    }
  }

  @Override
  public Duration untilNext() {
    return idle.isEmpty() ? Duration.ofMillis(1) : pace.untilNext();
  }

  /** Whether every message was sent and answered or failed, or no connection is left. */
  @Override
  public boolean isOver() {
    return loop.inFlight() == 0 && (pace.isOver() || loop.open() == 0);
  }

  @Override
  public long done() {
    return loop.answered() - answeredBefore;
  }
}
