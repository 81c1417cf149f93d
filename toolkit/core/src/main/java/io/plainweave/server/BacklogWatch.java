package io.plainweave.server;

import io.plainweave.event.ListenerStatus;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.socket.Listener;
import io.plainweave.internal.time.Ticks;
import io.plainweave.kernel.ListenQueues;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Tells when the backlog of a listener is full and connections find no room in it: their peers see
 * a connect that takes seconds, and this process sees nothing at all.
 *
 * <p>The kernel counts for all listeners of the network namespace together. So a listener is told
 * of if its own backlog is full while that count grows. The reaper alone touches it.
 */
final class BacklogWatch {
  private static final int LOOK_EVERY = 1_000 / Ticks.MILLIS;
  private static final int TELL_EVERY = 10_000 / Ticks.MILLIS;

  private final Supplier<List<Listener>> listeners;
  private final ServerObserver observer;

  private int nextLook;

  /** Not before this tick is it told again. */
  private int nextTold;

  /** The kernel's count when it was looked at last. */
  private OptionalLong known = ListenQueues.overflows();

  /** How much that has grown since it was told. */
  private long overflows;

  BacklogWatch(Supplier<List<Listener>> listeners, ServerObserver observer, int now) {
    this.listeners = listeners;
    this.observer = observer;
    this.nextLook = now;
    this.nextTold = now;
  }

  /** Looks, if it is time. */
  void check(int now) {
    if (now - nextLook < 0 || known.isEmpty()) {
      return;
    }
    nextLook = now + LOOK_EVERY;
    OptionalLong counted = ListenQueues.overflows();
    if (counted.isEmpty()) {
      return;
    }
    long grown = counted.getAsLong() - known.getAsLong();
    known = counted;
    overflows += grown;
    if (grown > 0 && now - nextTold >= 0) {
      tell(now);
    }
  }

  private void tell(int now) {
    for (Listener listener : listeners.get()) {
      ListenerStatus status = listener.status();
      OptionalInt backlog = status.backlog();
      OptionalInt waiting = status.waiting();
      if (backlog.isPresent() && waiting.isPresent() && waiting.getAsInt() >= backlog.getAsInt()) {
        observer.onEvent(
            new ServerEvent.BacklogFull(listener.address(), backlog.getAsInt(), overflows));
        nextTold = now + TELL_EVERY;
      }
    }
    if (nextTold > now) {
      overflows = 0;
    }
  }
}
