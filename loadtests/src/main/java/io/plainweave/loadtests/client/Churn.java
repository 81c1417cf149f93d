package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Order;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * Connections that come at a fixed rate, exchange a message and go.
 *
 * <p>The client finishes its output when it has the answer, and waits for the server's end of
 * stream. A latency counts from when the connect was due to the last byte of the answer.
 *
 * <p>Belongs to the thread of its {@link ClientLoop}.
 */
final class Churn implements Behaviour {
  private final ClientLoop loop;
  private final Order.Churn order;
  private final List<InetSocketAddress> targets;
  private final Pace pace;

  Churn(ClientLoop loop, Order.Churn order, List<InetSocketAddress> targets) {
    this.loop = loop;
    this.order = order;
    this.targets = targets;
    this.pace = new Pace(System.nanoTime(), order.rate(), order.connections());
    loop.observeIdle(loop::finish);
    loop.expectEnd(connection -> connection.state == ClientConnection.State.ENDING);
  }

  @Override
  public void act() {
    while (pace.isDue() && loop.open() < order.most()) {
      int number = order.first() + (int) pace.taken();
      loop.connectOnce(number, targets.get(number % targets.size()), pace.take());
    }
  }

  @Override
  public Duration untilNext() {
    return loop.open() < order.most() ? pace.untilNext() : Duration.ofMillis(1);
  }

  @Override
  public boolean isOver() {
    return pace.isOver() && loop.inFlight() == 0;
  }

  @Override
  public long done() {
    return loop.ended();
  }
}
