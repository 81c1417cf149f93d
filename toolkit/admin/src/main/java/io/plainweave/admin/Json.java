package io.plainweave.admin;

import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** JSON (RFC 8259) of maps, collections, numbers, booleans and texts. */
final class Json {
  private Json() {}

  /** An object, whose fields keep their order. */
  static Map<String, @Nullable Object> object() {
    return new LinkedHashMap<>();
  }

  static String of(@Nullable Object value) {
    var json = new StringBuilder();
    append(json, value);
    return json.toString();
  }

  /** Adds a field to an object that was begun. */
  static void appendField(StringBuilder json, String name, @Nullable Object value) {
    json.append('"').append(name).append("\":");
    append(json, value);
  }

  private static void append(StringBuilder json, @Nullable Object value) {
    switch (value) {
      case null -> json.append("null");
      case Map<?, ?> map -> appendObject(json, map);
      case Collection<?> all -> appendArray(json, all);
      case Optional<?> perhaps -> append(json, perhaps.orElse(null));
      case Number number -> json.append(number);
      case Boolean truth -> json.append(truth);
      default -> appendText(json, value.toString());
    }
  }

  private static void appendObject(StringBuilder json, Map<?, ?> map) {
    json.append('{');
    for (Iterator<? extends Map.Entry<?, ?>> all = map.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<?, ?> entry = all.next();
      appendText(json, String.valueOf(entry.getKey()));
      json.append(':');
      append(json, entry.getValue());
      if (all.hasNext()) {
        json.append(',');
      }
    }
    json.append('}');
  }

  private static void appendArray(StringBuilder json, Collection<?> values) {
    json.append('[');
    for (Iterator<?> all = values.iterator(); all.hasNext(); ) {
      append(json, all.next());
      if (all.hasNext()) {
        json.append(',');
      }
    }
    json.append(']');
  }

  /**
   * Only what is printed in ASCII stays as it is, and of that nothing that begins or ends markup: a
   * text of a peer does no harm, wherever the JSON is put.
   */
  private static void appendText(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ' || c > '~' || c == '<' || c == '>' || c == '&') {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }
}
