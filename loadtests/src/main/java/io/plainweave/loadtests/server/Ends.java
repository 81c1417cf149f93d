package io.plainweave.loadtests.server;

import io.plainweave.CloseReason;
import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts the connections that have ended, by reason, and what they have received. */
final class Ends implements ServerObserver {
  private final Map<String, LongAdder> ends = new ConcurrentHashMap<>();
  private final LongAdder received = new LongAdder();

  @Override
  public void onEvent(ServerEvent event) {
    if (event instanceof ServerEvent.ConnectionClosed closed) {
      count(name(closed.reason()));
      received.add(closed.received());
    }
  }

  /** Asks first: computeIfAbsent may wait for a monitor, which JDK-8373120 may make for ever. */
  private void count(String reason) {
    LongAdder counter = ends.get(reason);
    if (counter == null) {
      counter = ends.computeIfAbsent(reason, _ -> new LongAdder());
    }
    counter.increment();
  }

  /** How many so far, by the reason's name; of those that timed out, by the limit's. */
  Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    ends.forEach((reason, count) -> counts.put(reason, count.sum()));
    return counts;
  }

  /** Bytes that their handlers have read. */
  long received() {
    return received.sum();
  }

  private static String name(CloseReason reason) {
    return reason instanceof CloseReason.TimedOut(var limit)
        ? limit.name()
        : reason.getClass().getSimpleName();
  }
}
