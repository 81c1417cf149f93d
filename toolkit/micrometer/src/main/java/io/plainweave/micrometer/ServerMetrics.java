package io.plainweave.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.plainweave.server.Server;
import io.plainweave.status.Metric;
import io.plainweave.status.ServerStatus;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ToDoubleFunction;

/**
 * The figures of one server as meters of Micrometer, named {@code plainweave.*}.
 *
 * {@snippet :
 * try (var metrics = new ServerMetrics(server, Tags.of("server", "chat"))) {
 *   metrics.bindTo(registry);
 *   server.run();
 * }
 * }
 *
 * <p>They are the {@linkplain Metric#all() metrics} of a {@link ServerStatus}, with its accuracy.
 * All meters of one scrape are of one {@linkplain io.plainweave.status.LiveView#status() status},
 * for which the server is asked at most once in half a second: it walks along all connections.
 * There are so many series, however many connections: one for each state, reason, listener or bound
 * of a histogram. Nothing is counted for them on the way of a message.
 *
 * <p>Safe for use by several threads. When the server has ended, its counters keep their values.
 */
public final class ServerMetrics implements MeterBinder, AutoCloseable {
  private final LatestStatus latest;
  private final Tags tags;

  /** What is to be removed at the end, each by its registry. */
  private final Queue<Registered> registered = new ConcurrentLinkedQueue<>();

  private record Registered(MeterRegistry registry, Meter meter) {}

  /**
   * Describes the meters of a server.
   *
   * @param server whose
   */
  public ServerMetrics(Server server) {
    this(server, List.of());
  }

  /**
   * Describes the meters of a server, one of several perhaps.
   *
   * @param server whose
   * @param tags that each of them gets, to tell several servers apart
   */
  public ServerMetrics(Server server, Iterable<Tag> tags) {
    this.latest = new LatestStatus(server);
    this.tags = Tags.of(tags);
  }

  /** Registers the meters; once for each registry. */
  @Override
  public void bindTo(MeterRegistry registry) {
    for (Metric metric : Metric.all()) {
      if (metric.tag().equals(Optional.of(LatestStatus.LISTENER))) {
        latest.listen(
            metric,
            MultiGauge.builder(metric.name())
                .description(metric.description())
                .baseUnit(metric.unit())
                .tags(tags)
                .register(registry));
      } else {
        for (String label : metric.values(latest.get()).keySet()) {
          registered.add(new Registered(registry, register(metric, label, registry)));
        }
      }
    }
  }

  private Meter register(Metric metric, String label, MeterRegistry registry) {
    Tags all = metric.tag().map(tag -> tags.and(tag, label)).orElse(tags);
    ToDoubleFunction<LatestStatus> value =
        status -> metric.values(status.get()).getOrDefault(label, 0.0);
    return switch (metric.kind()) {
      case GAUGE ->
          Gauge.builder(metric.name(), latest, value)
              .description(metric.description())
              .baseUnit(metric.unit())
              .tags(all)
              .strongReference(true)
              .register(registry);
      case COUNTER ->
          FunctionCounter.builder(metric.name(), latest, value)
              .description(metric.description())
              .baseUnit(metric.unit())
              .tags(all)
              .register(registry);
    };
  }

  /** Removes the meters from their registries. */
  @Override
  public void close() {
    latest.forgetListeners();
    for (Registered each; (each = registered.poll()) != null; ) {
      each.registry.remove(each.meter);
    }
  }
}
