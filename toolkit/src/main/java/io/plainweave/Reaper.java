package io.plainweave;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a server that looks at the time: it counts ticks, and at each of them goes over
 * the connections. A connection notes the tick of what it does, which costs a field, where a timer
 * or a timed wait for each read would cost more than the read.
 *
 * <p>Ticks measure the time for which this process has run: when it was stopped and goes on, one
 * tick has passed, and the connections get their chance to read before they are judged.
 *
 * <p>Its end cancels what is left of the server.
 */
final class Reaper implements Callable<@Nullable Void> {
  static final int TICK_MILLIS = 100;

  private final Lifecycle lifecycle;
  private final ConnectionContext context;

  Reaper(Lifecycle lifecycle, ConnectionContext context) {
    this.lifecycle = lifecycle;
    this.context = context;
  }

  @Override
  public @Nullable Void call() throws InterruptedException {
    Thread.currentThread().setName("plainweave reaper");
    ServerState known = ServerState.RUNNING;
    while (lifecycle.awaitTick(known, TICK_MILLIS)) {
      known = lifecycle.state();
      int now = context.ticks().advance();
      boolean draining = known == ServerState.DRAINING;
      context
          .registry()
          .forEach(connection -> {
            connection.endLinger(now, draining);
            if (draining) {
              connection.drain(now);
            }
          });
    }
    return null;
  }
}
