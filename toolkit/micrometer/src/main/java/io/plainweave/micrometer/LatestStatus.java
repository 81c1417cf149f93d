package io.plainweave.micrometer;

import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.plainweave.event.ListenerStatus;
import io.plainweave.server.Server;
import io.plainweave.status.ServerStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/** The figures of a server, asked for anew when they are old: some dozen meters share them. */
final class LatestStatus {
  private static final long LIFETIME = Duration.ofMillis(500).toNanos();

  private final Server server;
  private final List<MultiGauge> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private ServerStatus status;
  private long takenAt;
  private Set<String> names;

  LatestStatus(Server server) {
    this.server = server;
    status = server.live().status();
    takenAt = System.nanoTime();
    names = namesNow();
  }

  ServerStatus get() {
    lock.lock();
    try {
      long now = System.nanoTime();
      if (now - takenAt > LIFETIME) {
        takenAt = now;
        status = server.live().status();
        Set<String> namesNow = namesNow();
        if (!names.equals(namesNow)) {
          names = namesNow;
          listeners.forEach(this::update);
        }
      }
      return status;
    } finally {
      lock.unlock();
    }
  }

  /** Keeps a gauge for each listener there is: they come and go while a server runs. */
  void listen(MultiGauge gauge) {
    listeners.add(gauge);
    lock.lock();
    try {
      update(gauge);
    } finally {
      lock.unlock();
    }
  }

  /** Called with the lock. */
  private void update(MultiGauge gauge) {
    gauge.register(
        names.stream()
            .<Row<?>>map(name -> Row.of(Tags.of("listener", name), this, it -> it.openAt(name)))
            .toList(),
        true);
  }

  private double openAt(String name) {
    return get().openByListener().entrySet().stream()
        .filter(entry -> entry.getKey().name().equals(name))
        .mapToInt(Map.Entry::getValue)
        .sum();
  }

  /** Those without a connection as well: a series that goes away is no zero. */
  private Set<String> namesNow() {
    return server.listeners().stream().map(ListenerStatus::name).collect(Collectors.toSet());
  }

  void forgetListeners() {
    for (MultiGauge gauge : listeners) {
      gauge.register(List.of(), true);
    }
    listeners.clear();
  }
}
