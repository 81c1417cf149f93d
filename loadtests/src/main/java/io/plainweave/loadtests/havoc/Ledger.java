package io.plainweave.loadtests.havoc;

import io.plainweave.CloseReason;
import io.plainweave.event.ServerEvent;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What a server has told of its connections: each begins once, and ends once for one reason. */
final class Ledger {
  private final Map<Long, Boolean> open = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
  private final Defect defect;

  Ledger(Defect defect) {
    this.defect = defect;
  }

  void note(ServerEvent event) {
    switch (event) {
      case ServerEvent.ConnectionOpened e -> {
        add("opened");
        if (open.put(e.connection().id(), true) != null) {
          add("openedTwice");
        }
      }
      case ServerEvent.ConnectionClosed e -> {
        closed(e);
        if (defect == Defect.TOLD_TWICE && counts.get("closed").sum() == 50) {
          closed(e);
        }
      }
      case ServerEvent.HandshakeBegan _ -> add("handshakesBegan");
      case ServerEvent.HandshakeEnded _ -> add("handshakesEnded");
      case ServerEvent.SessionOpened _ -> add("sessionsOpened");
      case ServerEvent.SessionClosed _ -> add("sessionsClosed");
      case ServerEvent.AcceptFailed _ -> add("acceptFailed");
      case ServerEvent.ListenerLost _ -> add("listenerLost");
      case ServerEvent.ListenerRestored _ -> add("listenerRestored");
      case ServerEvent.ListenerFailed _ -> add("listenerFailed");
      case ServerEvent.ConnectionsRefused e -> counter("refused").add(e.count());
      default -> {
        // No count is kept.
      }
    }
  }

  private void closed(ServerEvent.ConnectionClosed e) {
    add("closed");
    add("reason." + name(e.reason()));
    if (open.remove(e.connection().id()) == null) {
      add("closedTwice");
    }
    if (!e.connection().closeReason().filter(e.reason()::equals).isPresent()) {
      add("anotherReason");
    }
  }

  private static String name(CloseReason reason) {
    return reason instanceof CloseReason.TimedOut(var limit)
        ? "TimedOut." + limit
        : reason.getClass().getSimpleName();
  }

  void add(String name) {
    counter(name).increment();
  }

  private LongAdder counter(String name) {
    return counts.computeIfAbsent(name, _ -> new LongAdder());
  }

  /** All counts by name. */
  Map<String, Long> counts() {
    Map<String, Long> all = new TreeMap<>();
    counts.forEach((name, count) -> all.put(name, count.sum()));
    return all;
  }
}
