package io.plainweave.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.plainweave.CloseReason;
import io.plainweave.admission.Refusal;
import io.plainweave.server.Server;
import io.plainweave.status.ConnectionState;
import io.plainweave.status.ServerStatus;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramStatistics;
import java.util.List;
import java.util.Locale;
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
 * <p>They are those of {@link ServerStatus}, with its accuracy. All meters of one scrape are of one
 * {@linkplain io.plainweave.status.LiveView#status() status}, for which the server is asked at most
 * once in half a second: it walks along all connections. There are so many series, however many
 * connections: one for each state, reason or listener. Nothing is counted for them on the way of a
 * message.
 *
 * <p>Safe for use by several threads. When the server has ended, its counters keep their values.
 */
public final class ServerMetrics implements MeterBinder, AutoCloseable {
  private static final String CONNECTIONS = "connections";
  private static final String BYTES = "bytes";
  private static final String DATAGRAMS = "datagrams";

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
    var meters = new Meters(registry);
    meters.ofConnections();
    meters.ofHandshakes();
    meters.ofBytes();
    meters.ofThreads();
    meters.ofDatagrams();
  }

  /** Removes the meters from their registries. */
  @Override
  public void close() {
    latest.forgetListeners();
    for (Registered each; (each = registered.poll()) != null; ) {
      each.registry.remove(each.meter);
    }
  }

  /** Registers the meters in one registry. */
  private final class Meters {
    private final MeterRegistry registry;

    private Meters(MeterRegistry registry) {
      this.registry = registry;
    }

    private void ofConnections() {
      for (ConnectionState state : ConnectionState.values()) {
        gauge(
            "connections.open",
            "Accepted connections that are open, by what they are doing",
            CONNECTIONS,
            Tags.of("state", word(state)),
            status -> status.open(state));
      }
      latest.listen(
          MultiGauge.builder("plainweave.listener.connections")
              .description("Accepted connections that are open, by the listener")
              .baseUnit(CONNECTIONS)
              .tags(tags)
              .register(registry));
      gauge(
          "connections.outbound",
          "Connections that handlers have opened",
          CONNECTIONS,
          Tags.empty(),
          ServerStatus::outbound);
      gauge(
          "connections.buffering",
          "Connections that hold bytes which are not read or not sent yet",
          CONNECTIONS,
          Tags.empty(),
          ServerStatus::buffers);
      counter(
          "connections.accepted",
          "Connections that were let in",
          CONNECTIONS,
          Tags.empty(),
          ServerStatus::accepted);
      for (Refusal reason : Refusal.values()) {
        counter(
            "connections.refused",
            "Connections that were refused, by the reason",
            CONNECTIONS,
            Tags.of("reason", word(reason)),
            status -> status.refused(reason));
      }
      for (Class<?> reason : CloseReason.class.getPermittedSubclasses()) {
        counter(
            "connections.closed",
            "Accepted connections that have ended, by the reason",
            CONNECTIONS,
            Tags.of("reason", word(reason)),
            status -> status.closed().getOrDefault(reason, 0L));
      }
    }

    private void ofHandshakes() {
      counter(
          "handshakes",
          "What comes before the handler, TLS above all, by how it has ended",
          "handshakes",
          Tags.of("outcome", "passed"),
          ServerStatus::handshakesPassed);
      counter(
          "handshakes",
          "What comes before the handler, TLS above all, by how it has ended",
          "handshakes",
          Tags.of("outcome", "failed"),
          ServerStatus::handshakesFailed);
    }

    private void ofBytes() {
      counter(
          "received", "Bytes from peers for handlers", BYTES, Tags.empty(), ServerStatus::received);
      counter("sent", "Bytes from handlers to peers", BYTES, Tags.empty(), ServerStatus::sent);
    }

    private void ofThreads() {
      gauge(
          "event.loops",
          "Event loops on which handlers run; 0 on the scheduler of the JDK",
          "loops",
          Tags.empty(),
          status -> status.threads().eventLoops());
      gauge(
          "event.loop.threads",
          "Threads of the event loops, those that a handler keeps among them",
          "threads",
          Tags.empty(),
          status -> status.threads().loopThreads());
      gauge(
          "carriers",
          "Threads that the scheduler of the JDK may use at a time",
          "threads",
          Tags.empty(),
          status -> status.threads().carriers());
    }

    private void ofDatagrams() {
      counter(
          "datagrams.received",
          "Datagrams from peers, those that were dropped then among them",
          DATAGRAMS,
          Tags.empty(),
          status -> sum(status, DatagramStatistics::received));
      counter(
          "datagrams.sent",
          "Datagrams to peers",
          DATAGRAMS,
          Tags.empty(),
          status -> sum(status, DatagramStatistics::sent));
      gauge(
          "datagrams.handlers",
          "Sessions and handlers of single datagrams that are at work",
          "handlers",
          Tags.empty(),
          status -> sum(status, DatagramStatistics::handlers));
      for (DatagramDrop reason : DatagramDrop.values()) {
        counter(
            "datagrams.dropped",
            "Datagrams that were dropped, by the reason",
            DATAGRAMS,
            Tags.of("reason", word(reason)),
            status -> sum(status, datagrams -> datagrams.dropped(reason)));
      }
    }

    private static double sum(ServerStatus status, ToDoubleFunction<DatagramStatistics> figure) {
      return status.datagrams().stream().mapToDouble(figure).sum();
    }

    private void gauge(
        String name,
        String description,
        String unit,
        Tags own,
        ToDoubleFunction<ServerStatus> figure) {
      add(
          Gauge.builder("plainweave." + name, latest, it -> figure.applyAsDouble(it.get()))
              .description(description)
              .baseUnit(unit)
              .tags(tags.and(own))
              .strongReference(true)
              .register(registry));
    }

    private void counter(
        String name,
        String description,
        String unit,
        Tags own,
        ToDoubleFunction<ServerStatus> figure) {
      add(
          FunctionCounter.builder(
                  "plainweave." + name, latest, it -> figure.applyAsDouble(it.get()))
              .description(description)
              .baseUnit(unit)
              .tags(tags.and(own))
              .register(registry));
    }

    private void add(Meter meter) {
      registered.add(new Registered(registry, meter));
    }

    /** For example {@code waiting_in_message}. */
    private static String word(Enum<?> value) {
      return value.name().toLowerCase(Locale.ROOT);
    }

    /** The same of a class, for example {@code peer_reset}. */
    private static String word(Class<?> type) {
      return type.getSimpleName().replaceAll("(?<=.)(?=\\p{Upper})", "_").toLowerCase(Locale.ROOT);
    }
  }
}
