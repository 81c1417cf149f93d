package io.plainweave.loadtests.client;

import io.plainweave.loadtests.control.Order;
import java.time.Duration;

/**
 * Messages at a fixed rate until the servers have ended every connection.
 *
 * <p>A connection may end between two messages, or after a message of which no byte has come back:
 * such a message was not processed, and a client may send it again elsewhere. An end in the middle
 * of a reply is a failure.
 *
 * <p>Belongs to the thread of its {@link ClientLoop}.
 */
final class LoadUntilEnd implements Behaviour {
  private final ClientLoop loop;
  private final OpenLoad load;
  private final int endedBefore;
  private final long deadline;
  private int unanswered;

  LoadUntilEnd(ClientLoop loop, Order.LoadUntilEnd order) {
    this.loop = loop;
    this.load = new OpenLoad(loop, order.rate(), Long.MAX_VALUE);
    this.endedBefore = loop.ended();
    this.deadline = System.nanoTime() + order.limit().toNanos();
    loop.expectEnd(this::mayEnd);
  }

  private boolean mayEnd(ClientConnection connection) {
    boolean awaits =
        connection.state == ClientConnection.State.AWAITING_ECHO && connection.received == 0;
    if (awaits) {
      unanswered++;
    }
    return awaits || connection.isIdle();
  }

  @Override
  public void act() {
    load.act();
    if (System.nanoTime() - deadline >= 0) {
      loop.failRemaining();
    }
  }

  @Override
  public Duration untilNext() {
    return load.untilNext();
  }

  @Override
  public boolean isOver() {
    return loop.open() == 0;
  }

  /** Connections that have ended in order. */
  @Override
  public long done() {
    return loop.ended() - endedBefore;
  }

  /** Messages that are answered. */
  long answered() {
    return load.done();
  }

  /** Messages of which no byte has come back before the end of their connection. */
  int unanswered() {
    return unanswered;
  }
}
