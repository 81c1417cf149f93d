package io.plainweave.admin;

import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.ListenerName;
import java.io.IOException;
import java.io.Writer;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Connections as JSON, one in a line, or as a table for people. */
final class ConnectionList {
  private static final String ROW = "%9s  %-18s %11s %11s %13s %13s  %-16s  %s%n";

  private ConnectionList() {}

  static void writeJson(Writer writer, Stream<ConnectionStatus> connections) throws IOException {
    String separator = "[\n";
    for (Iterator<ConnectionStatus> all = connections.iterator(); all.hasNext(); ) {
      writer.write(separator);
      writer.write(Json.of(fields(all.next())));
      separator = ",\n";
    }
    writer.write(separator.startsWith("[") ? "[]\n" : "\n]\n");
  }

  static Map<String, @Nullable Object> fields(ConnectionStatus status) {
    Map<String, @Nullable Object> fields = Json.object();
    fields.put("id", status.id());
    fields.put("outbound", status.outbound());
    fields.put("listener", status.listener().map(ListenerName::name));
    fields.put("local", Shown.address(status.localAddress()));
    fields.put("peer", Shown.address(status.remoteAddress()));
    fields.put("state", Shown.word(status.state()));
    fields.put("inStateMillis", status.inState().toMillis());
    fields.put("waitsFor", Shown.word(status.waitsFor()));
    fields.put("ageMillis", status.age().toMillis());
    fields.put("received", status.received());
    fields.put("sent", status.sent());
    return fields;
  }

  static void writeText(Writer writer, Stream<ConnectionStatus> connections) throws IOException {
    writer.write(row("ID", "STATE", "IN STATE", "AGE", "RECEIVED", "SENT", "LISTENER", "PEER"));
    for (Iterator<ConnectionStatus> all = connections.iterator(); all.hasNext(); ) {
      ConnectionStatus status = all.next();
      writer.write(
          row(
              status.id(),
              Shown.word(status.state()),
              Shown.seconds(status.inState()),
              Shown.seconds(status.age()),
              status.received(),
              status.sent(),
              status.listener().map(ListenerName::name).map(Shown::oneLine).orElse("(outbound)"),
              Shown.address(status.remoteAddress())));
    }
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, ROW.replace("%n", "\n"), cells);
  }
}
