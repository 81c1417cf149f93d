package io.plainweave.logging;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.Map;

/**
 * A word for the patterns of Logback that stands before the message: {@code connection 17 from
 * 192.0.2.1:50000: }, as the toolkit begins its own lines about a connection. It is empty in a line
 * that is logged for no connection, and in one whose message begins with that connection anyway.
 *
 * <pre>{@code
 * <conversionRule conversionWord="connection" class="io.plainweave.logging.ConnectionConverter"/>
 * ...
 * <pattern>%d %-5level %logger{0}: %connection%msg%n</pattern>
 * }</pre>
 */
public final class ConnectionConverter extends ClassicConverter {
  /** For Logback. */
  public ConnectionConverter() {}

  @Override
  public String convert(ILoggingEvent line) {
    Map<String, String> values = line.getMDCPropertyMap();
    String id = values.get(ConnectionFields.CONNECTION);
    if (id == null) {
      return "";
    }
    String connection = ConnectionFields.text(id);
    String message = line.getFormattedMessage();
    if (message != null && beginsWith(message, connection)) {
      return "";
    }
    String peer = values.get(ConnectionFields.PEER);
    return connection + (peer == null ? "" : " from " + peer) + ": ";
  }

  /** Whether it does, and not with one whose number is longer. */
  private static boolean beginsWith(String message, String connection) {
    return message.startsWith(connection)
        && (message.length() == connection.length()
            || !Character.isDigit(message.charAt(connection.length())));
  }
}
