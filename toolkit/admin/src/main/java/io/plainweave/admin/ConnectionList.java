package io.plainweave.admin;

import io.plainweave.status.ConnectionStatus;
import io.plainweave.status.ListenerName;
import java.io.IOException;
import java.io.Writer;
import java.util.Iterator;
import java.util.Locale;
import java.util.stream.Stream;

/** Connections as JSON, one in a line, or as a table for people. */
final class ConnectionList {
  private static final String ROW = "%9s  %-18s %11s %11s %13s %13s  %-16s  %s%n";

  private ConnectionList() {}

  static void writeJson(Writer writer, Stream<ConnectionStatus> connections) throws IOException {
    var line = new StringBuilder();
    String separator = "[\n";
    for (Iterator<ConnectionStatus> all = connections.iterator(); all.hasNext(); ) {
      line.setLength(0);
      line.append(separator).append('{');
      appendFields(line, all.next());
      writer.append(line.append('}'));
      separator = ",\n";
    }
    writer.write(separator.startsWith("[") ? "[]\n" : "\n]\n");
  }

  /** One by one, without an object for all of them: there may be very many connections. */
  static void appendFields(StringBuilder json, ConnectionStatus status) {
    Json.appendField(json, "id", status.id());
    Json.appendField(json.append(','), "outbound", status.outbound());
    Json.appendField(json.append(','), "listener", status.listener().map(ListenerName::name));
    Json.appendField(json.append(','), "local", Shown.address(status.localAddress()));
    Json.appendField(json.append(','), "peer", Shown.address(status.remoteAddress()));
    Json.appendField(json.append(','), "state", Shown.word(status.state()));
    Json.appendField(json.append(','), "inStateMillis", status.inState().toMillis());
    Json.appendField(json.append(','), "waitsFor", Shown.word(status.waitsFor()));
    Json.appendField(json.append(','), "ageMillis", status.age().toMillis());
    Json.appendField(json.append(','), "received", status.received());
    Json.appendField(json.append(','), "sent", status.sent());
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
