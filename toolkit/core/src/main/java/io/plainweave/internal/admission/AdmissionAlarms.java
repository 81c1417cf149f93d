package io.plainweave.internal.admission;

import io.plainweave.event.ServerEvent;
import io.plainweave.event.ServerObserver;
import io.plainweave.internal.time.Cooldown;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects what is to be told of the limits that are reached. Only the reaper's thread uses it. */
final class AdmissionAlarms {
  private final Cooldown server = new Cooldown();
  private final Cooldown memory = new Cooldown();
  private final List<ServerEvent> due = new ArrayList<>();

  /** Looks at the limit of the server. */
  void check(int connections, int alarmAt, int maximum, int now) {
    check(null, server, connections, alarmAt == 0 ? maximum : alarmAt, maximum, now);
  }

  /** Looks at the limit of a listener. */
  void check(ListenerLimit limit, int now) {
    check(limit.address(), limit.alarm, limit.connections, limit.maximum, limit.maximum, now);
  }

  private void check(
      @Nullable SocketAddress listener,
      Cooldown cooldown,
      int connections,
      int alarmAt,
      int maximum,
      int now) {
    if (connections >= alarmAt && cooldown.isOver(now)) {
      due.add(new ServerEvent.ManyConnections(listener, connections, maximum));
    }
  }

  /** Looks at the limit that the memory sets. */
  void checkMemory(int connections, int maximum, int now) {
    if (connections >= maximum && memory.isOver(now)) {
      due.add(new ServerEvent.MemoryShort(connections));
    }
  }

  /** Tells them, outside of any lock. */
  void tell(ServerObserver observer) {
    // No lambda: it would be linked for good or ill when memory may be short for the first time.
    for (ServerEvent event : due) {
      observer.onEvent(event);
    }
    due.clear();
  }
}
