package io.plainweave.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.plainweave.Connection;
import io.plainweave.framing.MessageReader;
import java.io.IOException;
import java.net.URLDecoder;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A whole request. Whatever lets two programs disagree about where it ends is refused.
 *
 * @param head its first line and its fields
 * @param host where it was sent to, with a port or without; empty for HTTP/1.0 without a Host
 * @param path as it was sent, without a query
 * @param query the parameters, decoded
 * @param body what came with it, of a few kilobytes
 */
record Request(RequestHead head, String host, String path, Map<String, String> query, String body) {
  static final int LARGEST_BODY = 4 * 1024;
  private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST");
  private static final Pattern AUTHORITY =
      Pattern.compile("(?:\\[[0-9A-Fa-f:.]+]|[0-9A-Za-z._~-]+)(?::[0-9]*)?");
  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");

  /** Reads it, to the last byte of its body. */
  static Request read(Connection connection) throws IOException {
    RequestHead head = RequestHead.read(connection);
    if (!METHODS.contains(head.method())) {
      throw new Refused(Status.NOT_IMPLEMENTED, "only GET, HEAD and POST");
    }
    String target = head.target();
    String host = head.fields().getOrDefault("host", "");
    boolean named = head.fields().containsKey("host");
    if (named ? !AUTHORITY.matcher(host).matches() : head.minor() > 0) {
      throw new Refused(Status.BAD_REQUEST, "one valid Host is needed");
    }
    if (target.regionMatches(true, 0, "http://", 0, 7)) { // as to a proxy (RFC 9112, 3.2.2)
      int path = target.indexOf('/', 7);
      host = target.substring(7, path < 0 ? target.length() : path);
      target = path < 0 ? "/" : target.substring(path);
      if (!AUTHORITY.matcher(host).matches()) {
        throw new Refused(Status.BAD_REQUEST, "the target has no valid host");
      }
    }
    if (!target.startsWith("/") || target.indexOf('#') >= 0) {
      throw new Refused(Status.BAD_REQUEST, "the target is no path");
    }
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    Map<String, String> parameters = query < 0 ? Map.of() : parameters(target.substring(query + 1));
    return new Request(head, host, path, parameters, body(connection, head));
  }

  private static Map<String, String> parameters(String query) throws Refused {
    Map<String, String> parameters = new HashMap<>();
    for (String each : query.split("&", -1)) {
      if (each.isEmpty()) {
        continue;
      }
      int equals = each.indexOf('=');
      String name = decode(equals < 0 ? each : each.substring(0, equals));
      String value = equals < 0 ? "" : decode(each.substring(equals + 1));
      if (parameters.put(name, value) != null) {
        throw new Refused(Status.BAD_REQUEST, "a parameter is there twice");
      }
    }
    return parameters;
  }

  private static String decode(String text) throws Refused {
    try {
      String decoded = URLDecoder.decode(text, UTF_8);
      if (decoded.indexOf('\ufffd') < 0) {
        return decoded;
      }
    } catch (IllegalArgumentException e) {
      // No digits behind a percent sign.
    }
    throw new Refused(Status.BAD_REQUEST, "a parameter is not in UTF-8 and percent-encoding");
  }

  /** RFC 9112, section 6; chunks are refused as its section 6.3 allows it. */
  private static String body(Connection connection, RequestHead head) throws IOException {
    String length = head.fields().get("content-length");
    if (head.fields().containsKey("transfer-encoding")) {
      throw length == null && head.minor() > 0
          ? new Refused(Status.LENGTH_REQUIRED, "a body needs a Content-Length")
          : new Refused(
              Status.BAD_REQUEST, "Transfer-Encoding with a Content-Length, or in HTTP/1.0");
    }
    if (length != null && !LENGTH.matcher(length).matches()) {
      throw new Refused(Status.BAD_REQUEST, "Content-Length is not one number");
    }
    String expected = head.fields().get("expect");
    if (expected != null && !expected.equalsIgnoreCase("100-continue")) {
      throw new Refused(Status.EXPECTATION_FAILED, "only 100-continue can be expected");
    }
    if (length == null || Long.parseLong(length) == 0) {
      return "";
    }
    if (Long.parseLong(length) > LARGEST_BODY) {
      throw new Refused(Status.CONTENT_TOO_LARGE, "a body has at most " + LARGEST_BODY + " bytes");
    }
    if (expected != null && head.minor() > 0) {
      connection.output().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1));
    }
    return MessageReader.of(connection).readUtf8(Integer.parseInt(length));
  }

  String method() {
    return head.method();
  }

  /** The value of a field, whose name is in lower case; empty if it is not there. */
  String field(String name) {
    return head.fields().getOrDefault(name, "");
  }

  boolean has(String field) {
    return head.fields().containsKey(field);
  }

  /** Whether the client wants to go on with this connection. */
  boolean keepsAlive() {
    String wanted = head.minor() > 0 ? "close" : "keep-alive";
    boolean says =
        Stream.of(field("connection").split(","))
            .map(String::strip)
            .anyMatch(wanted::equalsIgnoreCase);
    return head.minor() > 0 ? !says : says;
  }

  /** Refuses parameters that nobody looks at: a filter with a typing error would be none. */
  void allowOnly(String... names) throws Refused {
    Set<String> known = Set.of(names);
    if (!known.containsAll(query.keySet())) {
      throw new Refused(
          Status.BAD_REQUEST,
          known.isEmpty()
              ? "there are no parameters here"
              : "the parameters here are " + String.join(", ", names));
    }
  }

  /** Whether plain text is wanted, for people, in place of JSON. */
  boolean wantsText() throws Refused {
    String format = query.get("format");
    if (format == null) {
      String accept = field("accept");
      return accept.contains("text/plain") && !accept.contains("application/json");
    }
    return switch (format) {
      case "text" -> true;
      case "json" -> false;
      default -> throw new Refused(Status.BAD_REQUEST, "the formats are text and json");
    };
  }

  @Override
  public String toString() {
    return Objects.toString(head.method()) + " " + path;
  }
}
