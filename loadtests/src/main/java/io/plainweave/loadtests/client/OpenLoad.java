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
final class OpenLoad {
  private final ClientLoop loop;
  private final double interval;
  private final long start = System.nanoTime();
  private final long messages;
  private final Queue<ClientConnection> idle = new ArrayDeque<>();

  private long sent;

  OpenLoad(ClientLoop loop, double rate, Duration duration) {
    this.loop = loop;
    this.interval = 1e9 / rate;
    this.messages = (long) (rate * duration.toNanos() / 1e9);
    loop.connections().stream().filter(ClientConnection::isIdle).forEach(idle::add);
    loop.observeIdle(idle::add);
  }

  /** Sends what is due, as far as there are connections to send it on. */
  void sendDue() {
    long now = System.nanoTime();
    while (sent < messages && dueAt(sent) - now <= 0) {
      ClientConnection connection = idle.poll();
      if (connection == null) {
        return;
      }
      if (connection.isIdle()) { // it may have ended since
        loop.exchange(connection, dueAt(sent));
        sent++;
      }
    }
  }

  /** How long there is nothing to send. */
  Duration untilNextDue() {
    return sent == messages || idle.isEmpty()
        ? Duration.ofMillis(1)
        : Duration.ofNanos(Math.max(0, dueAt(sent) - System.nanoTime()));
  }

  /** Whether every message was sent and answered or failed, or no connection is left. */
  boolean isOver() {
    return loop.inFlight() == 0 && (sent == messages || loop.open() == 0);
  }

  private long dueAt(long message) {
    return start + (long) (message * interval);
  }
}
