package io.plainweave.logging;

import io.plainweave.Connection;
import io.plainweave.context.CurrentConnection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What a line of the log says of the connection for which it is logged. */
final class ConnectionFields {
  /** Its number. */
  static final String CONNECTION = "connection";

  /** The address of its peer; a client on a Unix-domain socket has none as a rule. */
  static final String PEER = "peer";

  private ConnectionFields() {}

  /** Those of the calling thread; empty if it runs for no connection. */
  static Map<String, String> ofThisThread() {
    Optional<Connection> current = CurrentConnection.get();
    return current.isPresent() ? of(current.get()) : Map.of();
  }

  private static Map<String, String> of(Connection connection) {
    String id = String.valueOf(connection.id());
    // This text has the address in one line, whoever has chosen it.
    String text = connection.toString();
    String before = text(id) + " from ";
    Map<String, String> fields = HashMap.newHashMap(2);
    fields.put(CONNECTION, id);
    if (text.startsWith(before)) {
      fields.put(PEER, text.substring(before.length()));
    }
    return fields;
  }

  /** How the text of a connection begins. */
  static String text(String id) {
    return "connection " + id;
  }
}
