package io.plainweave.micrometer;

import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.plainweave.server.Server;
import io.plainweave.status.Metric;
import io.plainweave.status.ServerStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** The figures of a server, asked for anew when they are old: some dozen meters share them. */
final class LatestStatus {
  private static final long LIFETIME = Duration.ofMillis(500).toNanos();

  /** The tag of what comes and goes while a server runs. */
  static final String LISTENER = "listener";

  private final Server server;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final List<ByListener> byListener = new ArrayList<>();
  private ServerStatus status;
  private long takenAt;

  LatestStatus(Server server) {
    this.server = server;
    status = server.live().status();
    takenAt = System.nanoTime();
  }

  ServerStatus get() {
    lock.lock();
    try {
      long now = System.nanoTime();
      if (now - takenAt > LIFETIME) {
        takenAt = now;
        status = server.live().status();
        for (ByListener each : byListener) {
          each.update();
        }
      }
      return status;
    } finally {
      lock.unlock();
    }
  }

  /** Keeps a gauge for each listener there is: they come and go while a server runs. */
  void listen(Metric metric, MultiGauge gauge) {
    lock.lock();
    try {
      var added = new ByListener(metric, gauge);
      byListener.add(added);
      added.update();
    } finally {
      lock.unlock();
    }
  }

  void forgetListeners() {
    lock.lock();
    try {
      for (ByListener each : byListener) {
        each.gauge.register(List.of(), true);
      }
      byListener.clear();
    } finally {
      lock.unlock();
    }
  }

  /** The gauges of one metric in one registry. */
  private final class ByListener {
    private final Metric metric;
    private final MultiGauge gauge;

    /** Those that have a gauge; guarded by the lock. */
    private Set<String> names = Set.of();

    private ByListener(Metric metric, MultiGauge gauge) {
      this.metric = metric;
      this.gauge = gauge;
    }

    /** Called with the lock. */
    private void update() {
      Set<String> now = metric.values(status).keySet();
      if (!now.equals(names)) {
        names = now;
        gauge.register(now.stream().<Row<?>>map(this::row).toList(), true);
      }
    }

    private Row<?> row(String name) {
      return Row.of(
          Tags.of(LISTENER, name),
          LatestStatus.this,
          latest -> metric.values(latest.get()).getOrDefault(name, 0.0));
    }
  }
}
