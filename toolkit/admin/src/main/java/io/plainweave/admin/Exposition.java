package io.plainweave.admin;

import io.plainweave.CloseReason;
import io.plainweave.admission.Refusal;
import io.plainweave.status.ConnectionState;
import io.plainweave.status.ServerStatus;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramStatistics;
import java.io.IOException;
import java.io.Writer;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * The figures in the text format of Prometheus, version 0.0.4. Names, labels and words are those
 * that {@code plainweave-micrometer} has in a Prometheus registry, so that one dashboard serves
 * both; a test compares them.
 */
final class Exposition {
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final Writer writer;
  private final ServerStatus status;

  private Exposition(Writer writer, ServerStatus status) {
    this.writer = writer;
    this.status = status;
  }

  /**
   * Writes all figures.
   *
   * @param listeners the names of those there are, also of one that has no connection: a series
   *     that goes away is no zero
   */
  static void write(Writer writer, ServerStatus status, Set<String> listeners) throws IOException {
    var exposition = new Exposition(writer, status);
    exposition.writeConnections(listeners);
    exposition.writeHandshakes();
    exposition.writeBytes();
    exposition.writeThreads();
    exposition.writeDatagrams();
  }

  private void writeConnections(Set<String> listeners) throws IOException {
    gauge(
        "connections_open_connections",
        "Accepted connections that are open, by what they are doing");
    for (ConnectionState state : ConnectionState.values()) {
      sample("connections_open_connections", "state", Shown.word(state), status.open(state));
    }
    Map<String, Long> byListener = new TreeMap<>();
    listeners.forEach(name -> byListener.put(name, 0L));
    status
        .openByListener()
        .forEach((listener, open) -> byListener.merge(listener.name(), (long) open, Long::sum));
    gauge("listener_connections", "Accepted connections that are open, by the listener");
    for (Map.Entry<String, Long> each : byListener.entrySet()) {
      sample("listener_connections", "listener", each.getKey(), each.getValue());
    }
    gauge(
        "connections_outbound_connections",
        "Connections that handlers have opened",
        status.outbound());
    gauge(
        "connections_buffering_connections",
        "Connections that hold bytes which are not read or not sent yet",
        status.buffers());
    counter("connections_accepted_connections", "Connections that were let in", status.accepted());
    counter("connections_refused_connections", "Connections that were refused, by the reason");
    for (Refusal reason : Refusal.values()) {
      sample(
          "connections_refused_connections_total",
          "reason",
          Shown.word(reason),
          status.refused(reason));
    }
    counter(
        "connections_closed_connections", "Accepted connections that have ended, by the reason");
    for (Class<?> reason : CloseReason.class.getPermittedSubclasses()) {
      sample(
          "connections_closed_connections_total",
          "reason",
          Shown.word(reason),
          status.closed().getOrDefault(reason, 0L));
    }
  }

  private void writeHandshakes() throws IOException {
    counter("handshakes", "What comes before the handler, TLS above all, by how it has ended");
    sample("handshakes_total", "outcome", "passed", status.handshakesPassed());
    sample("handshakes_total", "outcome", "failed", status.handshakesFailed());
  }

  private void writeBytes() throws IOException {
    counter("received_bytes", "Bytes from peers for handlers", status.received());
    counter("sent_bytes", "Bytes from handlers to peers", status.sent());
  }

  private void writeThreads() throws IOException {
    gauge(
        "event_loops",
        "Event loops on which handlers run; 0 on the scheduler of the JDK",
        status.threads().eventLoops());
    gauge(
        "event_loop_threads",
        "Threads of the event loops, those that a handler keeps among them",
        status.threads().loopThreads());
    gauge(
        "carriers_threads",
        "Threads that the scheduler of the JDK may use at a time",
        status.threads().carriers());
  }

  private void writeDatagrams() throws IOException {
    counter(
        "datagrams_received_datagrams",
        "Datagrams from peers, those that were dropped then among them",
        sum(DatagramStatistics::received));
    counter("datagrams_sent_datagrams", "Datagrams to peers", sum(DatagramStatistics::sent));
    gauge(
        "datagrams_handlers",
        "Sessions and handlers of single datagrams that are at work",
        sum(DatagramStatistics::handlers));
    counter("datagrams_dropped_datagrams", "Datagrams that were dropped, by the reason");
    for (DatagramDrop reason : DatagramDrop.values()) {
      sample(
          "datagrams_dropped_datagrams_total",
          "reason",
          Shown.word(reason),
          sum(datagrams -> datagrams.dropped(reason)));
    }
  }

  private long sum(ToLongFunction<DatagramStatistics> figure) {
    return status.datagrams().stream().mapToLong(figure).sum();
  }

  private void gauge(String name, String help, long value) throws IOException {
    gauge(name, help);
    sample(name, value);
  }

  private void counter(String name, String help, long value) throws IOException {
    counter(name, help);
    sample(name + "_total", value);
  }

  private void gauge(String name, String help) throws IOException {
    head(name, help, "gauge");
  }

  private void counter(String name, String help) throws IOException {
    head(name + "_total", help, "counter");
  }

  private void head(String name, String help, String type) throws IOException {
    writer.write("# HELP plainweave_" + name + " " + help + "\n");
    writer.write("# TYPE plainweave_" + name + " " + type + "\n");
  }

  private void sample(String name, long value) throws IOException {
    writer.write("plainweave_" + name + " " + value + "\n");
  }

  private void sample(String name, String label, String text, long value) throws IOException {
    String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    writer.write("plainweave_" + name + "{" + label + "=\"" + escaped + "\"} " + value + "\n");
  }
}
