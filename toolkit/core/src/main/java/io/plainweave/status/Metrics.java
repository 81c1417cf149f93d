package io.plainweave.status;

import io.plainweave.CloseReason;
import io.plainweave.admission.Refusal;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramStatistics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The list of all metrics, in one place. */
final class Metrics {
  static final List<Metric> ALL = new Metrics().list();

  private static final String CONNECTIONS = "connections";
  private static final String THREADS = "threads";

  /**
   * The shortest times are those of a tick, and above ten minutes nobody looks at the difference.
   */
  private static final int SHORTEST_BUCKET = 6;

  private static final int LONGEST_BUCKET = 20;
  private static final int TICK_MILLIS = 100;

  private final List<Metric> metrics = new ArrayList<>();

  private List<Metric> list() {
    addConnections();
    addTimes();
    addBytes();
    addThreads();
    addDatagrams();
    return List.copyOf(metrics);
  }

  private void addConnections() {
    gauges(
        "connections.open",
        CONNECTIONS,
        "Accepted connections that are open, by what they are doing",
        "state",
        status -> byConstant(ConnectionState.values(), status::open));
    gauges(
        "listener.connections",
        CONNECTIONS,
        "Accepted connections that are open, by the listener",
        "listener",
        Metrics::byListener);
    gauge(
        "connections.outbound",
        CONNECTIONS,
        "Connections that handlers have opened",
        ServerStatus::outbound);
    gauge(
        "connections.buffering",
        CONNECTIONS,
        "Connections that hold bytes which are not read or not sent yet",
        ServerStatus::buffers);
    counter(
        "connections.accepted",
        CONNECTIONS,
        "Connections that were let in",
        ServerStatus::accepted);
    counters(
        "connections.refused",
        CONNECTIONS,
        "Connections that were refused, by the reason",
        "reason",
        status -> byConstant(Refusal.values(), status::refused));
    counters(
        "connections.closed",
        CONNECTIONS,
        "Accepted connections that have ended, by the reason",
        "reason",
        Metrics::byCloseReason);
    counters(
        "handshakes",
        "handshakes",
        "What comes before the handler, TLS above all, by how it has ended",
        "outcome",
        status ->
            inOrder(
                "passed", (double) status.handshakesPassed(),
                "failed", (double) status.handshakesFailed()));
    counter(
        "write.stalls",
        "stalls",
        "Times that no byte could leave for a second to a peer that is written to",
        ServerStatus::writeStalls);
  }

  private void addTimes() {
    within(
        "connections.within",
        CONNECTIONS,
        "Connections that have ended, by the seconds for which they were open, at most",
        ServerStatus::ages);
    within(
        "handshakes.within",
        "handshakes",
        "Handshakes that are over, by the seconds that they took, at most",
        status -> status.times().handshakes());
    within(
        "first.bytes.within",
        CONNECTIONS,
        "Connections that have said something, by the seconds until their first byte, at most",
        status -> status.times().firstBytes());
    within(
        "messages.within",
        "messages",
        "Messages that handlers have marked, by the seconds that they took, at most",
        status -> status.times().messages());
  }

  private void addBytes() {
    counter("received", "bytes", "Bytes from peers for handlers", ServerStatus::received);
    counter("sent", "bytes", "Bytes from handlers to peers", ServerStatus::sent);
  }

  private void addThreads() {
    gauge(
        "event.loops",
        "loops",
        "Event loops on which handlers run; 0 on the scheduler of the JDK",
        status -> status.threads().eventLoops());
    gauge(
        "event.loop.threads",
        THREADS,
        "Threads of the event loops, those that a handler keeps among them",
        status -> status.threads().loopThreads());
    counter(
        "event.loop.time",
        "seconds",
        "Processor time of the threads of the event loops",
        status -> status.threads().loopTime().toNanos() / 1e9);
    gauge(
        "carriers",
        THREADS,
        "Threads that the scheduler of the JDK may use at a time",
        status -> status.threads().carriers());
    gauge(
        "carriers.busy",
        THREADS,
        "Threads of the scheduler of the JDK that run a virtual thread",
        status -> status.threads().busyCarriers());
    gauge(
        "queued",
        THREADS,
        "Virtual threads that could run and wait for their turn",
        status -> status.threads().queued());
  }

  private void addDatagrams() {
    counter(
        "datagrams.received",
        "datagrams",
        "Datagrams from peers, those that were dropped then among them",
        status -> sum(status, DatagramStatistics::received));
    counter(
        "datagrams.sent",
        "datagrams",
        "Datagrams to peers",
        status -> sum(status, DatagramStatistics::sent));
    gauge(
        "datagrams.handlers",
        "handlers",
        "Sessions and handlers of single datagrams that are at work",
        status -> sum(status, DatagramStatistics::handlers));
    counters(
        "datagrams.dropped",
        "datagrams",
        "Datagrams that were dropped, by the reason",
        "reason",
        status ->
            byConstant(
                DatagramDrop.values(), why -> sum(status, datagrams -> datagrams.dropped(why))));
  }

  private static double sum(ServerStatus status, ToDoubleFunction<DatagramStatistics> figure) {
    return status.datagrams().stream().mapToDouble(figure).sum();
  }

  private static <E extends Enum<E>> Map<String, Double> byConstant(
      E[] constants, ToDoubleFunction<E> figure) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (E constant : constants) {
      values.put(constant.name().toLowerCase(Locale.ROOT), figure.applyAsDouble(constant));
    }
    return values;
  }

  /** Two listeners of one name, in one life after the other, are one. */
  private static Map<String, Double> byListener(ServerStatus status) {
    Map<String, Double> values = new TreeMap<>();
    status
        .openByListener()
        .forEach((listener, open) -> values.merge(listener.name(), (double) open, Double::sum));
    return values;
  }

  /** By the name of the class, for example {@code peer_reset}. */
  private static Map<String, Double> byCloseReason(ServerStatus status) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (Class<?> reason : CloseReason.class.getPermittedSubclasses()) {
      String words = reason.getSimpleName().replaceAll("(?<=.)(?=\\p{Upper})", "_");
      values.put(words.toLowerCase(Locale.ROOT), (double) status.closed().getOrDefault(reason, 0L));
    }
    return values;
  }

  private static Map<String, Double> inOrder(
      String first, double firstValue, String second, double secondValue) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put(first, firstValue);
    values.put(second, secondValue);
    return values;
  }

  /**
   * A histogram as counters that Prometheus takes for one: each has all values up to its bound,
   * {@code le}. Values are whole ticks, and what was measured may have been a tick longer.
   */
  private void within(
      String name, String unit, String description, Function<ServerStatus, Histogram> histogram) {
    counters(name, unit, description, "le", status -> upToEachBound(histogram.apply(status)));
  }

  private static Map<String, Double> upToEachBound(Histogram histogram) {
    Map<String, Double> values = new LinkedHashMap<>();
    long sum = 0;
    for (int bucket = 0; bucket < histogram.counts().size(); bucket++) {
      sum += histogram.counts().get(bucket);
      if (bucket >= SHORTEST_BUCKET && bucket <= LONGEST_BUCKET) {
        long ticks = Histogram.greatest(bucket) / TICK_MILLIS + 1;
        values.put(ticks / 10 + "." + ticks % 10, (double) sum);
      }
    }
    values.put("+Inf", (double) sum);
    return values;
  }

  private void gauge(
      String name, String unit, String description, ToDoubleFunction<ServerStatus> value) {
    add(name, Metric.Kind.GAUGE, unit, description, null, only(value));
  }

  private void counter(
      String name, String unit, String description, ToDoubleFunction<ServerStatus> value) {
    add(name, Metric.Kind.COUNTER, unit, description, null, only(value));
  }

  private static Function<ServerStatus, Map<String, Double>> only(
      ToDoubleFunction<ServerStatus> value) {
    return status -> Map.of(Metric.NO_LABEL, value.applyAsDouble(status));
  }

  private void gauges(
      String name,
      String unit,
      String description,
      String tag,
      Function<ServerStatus, Map<String, Double>> values) {
    add(name, Metric.Kind.GAUGE, unit, description, tag, values);
  }

  private void counters(
      String name,
      String unit,
      String description,
      String tag,
      Function<ServerStatus, Map<String, Double>> values) {
    add(name, Metric.Kind.COUNTER, unit, description, tag, values);
  }

  private void add(
      String name,
      Metric.Kind kind,
      String unit,
      String description,
      @Nullable String tag,
      Function<ServerStatus, Map<String, Double>> values) {
    metrics.add(new Metric("plainweave." + name, kind, unit, description, tag, values));
  }
}
