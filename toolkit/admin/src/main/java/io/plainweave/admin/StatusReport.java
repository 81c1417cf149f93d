package io.plainweave.admin;

import io.plainweave.CloseReason;
import io.plainweave.admission.Refusal;
import io.plainweave.event.ListenerStatus;
import io.plainweave.server.Server;
import io.plainweave.status.ConnectionState;
import io.plainweave.status.Histogram;
import io.plainweave.status.ServerStatus;
import io.plainweave.udp.DatagramDrop;
import io.plainweave.udp.DatagramStatistics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The figures of a server as JSON, for the page and for scripts. */
final class StatusReport {
  private StatusReport() {}

  /**
   * Writes it.
   *
   * @param admin how the listener is called through which it is looked at
   */
  static String of(Server server, String admin, Health health, ServerStatus status) {
    Map<String, @Nullable Object> fields = Json.object();
    fields.put("state", Shown.word(server.state()));
    fields.put("suspended", server.isSuspended());
    fields.put("notReady", health.notReady());
    fields.put("notLive", health.notLive());
    fields.put("admin", admin);
    fields.put("connections", server.connections());
    fields.put("listeners", server.listeners().stream().map(StatusReport::listener).toList());
    Map<String, Integer> open = new LinkedHashMap<>();
    for (ConnectionState state : ConnectionState.values()) {
      if (state != ConnectionState.AT_REST) { // which those that are accepted never are
        open.put(Shown.word(state), status.open(state));
      }
    }
    fields.put("open", open);
    Map<String, Integer> byListener = new TreeMap<>();
    status
        .openByListener()
        .forEach((listener, count) -> byListener.merge(listener.name(), count, Integer::sum));
    fields.put("openByListener", byListener);
    fields.put("outbound", status.outbound());
    fields.put("buffering", status.buffers());
    fields.put("accepted", status.accepted());
    Map<String, Long> refused = new LinkedHashMap<>();
    for (Refusal reason : Refusal.values()) {
      refused.put(Shown.word(reason), status.refused(reason));
    }
    fields.put("refused", refused);
    Map<String, Long> closed = new LinkedHashMap<>();
    for (Class<?> reason : CloseReason.class.getPermittedSubclasses()) {
      closed.put(Shown.word(reason), status.closed().getOrDefault(reason, 0L));
    }
    fields.put("closed", closed);
    fields.put("handshakesPassed", status.handshakesPassed());
    fields.put("handshakesFailed", status.handshakesFailed());
    fields.put("received", status.received());
    fields.put("sent", status.sent());
    fields.put("writeStalls", status.writeStalls());
    fields.put("ageMillis", histogram(status.ages()));
    fields.put("sizeBytes", histogram(status.sizes()));
    fields.put("handshakeMillis", histogram(status.times().handshakes()));
    fields.put("firstByteMillis", histogram(status.times().firstBytes()));
    fields.put("messageMillis", histogram(status.times().messages()));
    fields.put("eventLoops", status.threads().eventLoops());
    fields.put("eventLoopThreads", status.threads().loopThreads());
    fields.put("carriers", status.threads().carriers());
    fields.put("busyCarriers", status.threads().busyCarriers());
    fields.put("queued", status.threads().queued());
    fields.put("datagrams", status.datagrams().stream().map(StatusReport::datagrams).toList());
    return Json.of(fields) + "\n";
  }

  private static Map<String, @Nullable Object> listener(ListenerStatus listener) {
    Map<String, @Nullable Object> fields = Json.object();
    fields.put("name", listener.name());
    fields.put("address", Shown.address(listener.address()));
    fields.put("backlog", number(listener.backlog()));
    fields.put("waiting", number(listener.waiting()));
    return fields;
  }

  private static @Nullable Integer number(OptionalInt perhaps) {
    return perhaps.isPresent() ? perhaps.getAsInt() : null;
  }

  /** Each bucket that is not empty, with the greatest value of it. */
  private static List<Map<String, @Nullable Object>> histogram(Histogram histogram) {
    List<Map<String, @Nullable Object>> buckets = new ArrayList<>();
    for (int bucket = 0; bucket < histogram.counts().size(); bucket++) {
      if (histogram.counts().get(bucket) > 0) {
        Map<String, @Nullable Object> each = Json.object();
        each.put("upTo", Histogram.greatest(bucket));
        each.put("count", histogram.counts().get(bucket));
        buckets.add(each);
      }
    }
    return buckets;
  }

  private static Map<String, @Nullable Object> datagrams(DatagramStatistics statistics) {
    Map<String, @Nullable Object> fields = Json.object();
    fields.put("address", Shown.address(statistics.address()));
    fields.put("received", statistics.received());
    fields.put("sent", statistics.sent());
    fields.put("handlers", statistics.handlers());
    Map<String, Long> dropped = new LinkedHashMap<>();
    for (DatagramDrop reason : DatagramDrop.values()) {
      dropped.put(Shown.word(reason), statistics.dropped(reason));
    }
    fields.put("dropped", dropped);
    return fields;
  }
}
