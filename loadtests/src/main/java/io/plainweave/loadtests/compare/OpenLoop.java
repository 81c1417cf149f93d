package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Messages that are due at a fixed rate, on each connection in turn, whatever the server does.
 *
 * <p>A connection has one message in flight; those that become due meanwhile are sent when it is
 * answered. Latency counts from when a message was due, so a server that stops for a second is
 * charged for every message of that second (no coordinated omission). The loop never sleeps: it
 * would be late.
 */
final class OpenLoop extends ClosedLoop {
  /** From here on a message that the client itself did not send in time counts as late. */
  private static final long LATE = 1_000_000;

  private final double interval;
  private long start;

  /** Messages that have become due. */
  private long due;

  private long late;

  OpenLoop(LoadOrder order) throws IOException {
    super(order);
    interval = 1e9 / order.rate();
  }

  @Override
  long late() {
    return late;
  }

  @Override
  void run(Window window) throws IOException {
    this.window = window;
    start = System.nanoTime();
    while (!over) {
      long now = System.nanoTime();
      see(now);
      while (!over && dueAt(due) - now <= 0) {
        State state = states.get((int) (due % states.size()));
        state.due++;
        due++;
        if (!state.inFlight) {
          begin(state);
          if (measuring && now - state.since > LATE) {
            late++;
          }
        }
      }
      try {
        selector.selectNow(handler);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
      if (Thread.interrupted()) {
        throw new IOException("no answer in time");
      }
    }
    finish();
  }

  private void begin(State state) throws IOException {
    send(state, dueAt(state.begun * states.size() + state.index));
    state.begun++;
  }

  private long dueAt(long message) {
    return start + (long) (message * interval);
  }

  @Override
  void answered(State state, long now) throws IOException {
    see(now);
    if (over) {
      return;
    }
    if (measuring) {
      count(1, now - state.since);
    }
    if (state.due > state.begun) {
      begin(state);
    }
  }
}
