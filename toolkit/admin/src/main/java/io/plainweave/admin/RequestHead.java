package io.plainweave.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.plainweave.Connection;
import io.plainweave.framing.MessageReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The head of a request: its first line and its fields (RFC 9112, sections 3 and 5), as strict as
 * they may be read.
 *
 * @param method a token
 * @param target as it was sent, without a space
 * @param minor of the version 1.x
 * @param fields by their names in lower case
 */
record RequestHead(String method, String target, int minor, Map<String, String> fields) {
  static final int LONGEST = 8 * 1024;
  private static final int MOST_FIELDS = 64;
  private static final Pattern TOKEN = Pattern.compile("[0-9A-Za-z!#$%&'*+.^_`|~-]+");
  private static final Pattern VERSION = Pattern.compile("HTTP/[0-9]\\.[0-9]");

  /** Reads what ends with an empty line, and no byte behind it. */
  static RequestHead read(Connection connection) throws IOException {
    var lines = MessageReader.of(bytes(connection));
    String[] first = line(lines).split(" ", -1);
    if (first.length != 3 || !isToken(first[0]) || first[1].isEmpty()) {
      throw new Refused(Status.BAD_REQUEST, "the first line is not METHOD TARGET VERSION");
    }
    int minor = minor(first[2]);
    Map<String, String> fields = new HashMap<>();
    int count = 0;
    for (String line = line(lines); !line.isEmpty(); line = line(lines)) {
      count++;
      if (count > MOST_FIELDS) {
        throw new Refused(Status.FIELDS_TOO_LARGE, "more than " + MOST_FIELDS + " fields");
      }
      addField(fields, line);
    }
    return new RequestHead(first[0], first[1], minor, fields);
  }

  /** Reads up to the empty line. One before the first line is passed over (RFC 9112, 2.2). */
  private static byte[] bytes(Connection connection) throws IOException {
    var head = new byte[512];
    int size = 0;
    int line = 0;
    boolean passedOver = false;
    while (true) {
      if (size == LONGEST) {
        throw new Refused(
            line == 0 ? Status.URI_TOO_LONG : Status.FIELDS_TOO_LARGE,
            "the head of a request has at most " + LONGEST + " bytes");
      }
      if (size == head.length) {
        head = Arrays.copyOf(head, Math.min(2 * size, LONGEST));
      }
      int read = connection.readUntil((byte) '\n', head, size, head.length - size);
      if (read < 0) {
        throw new Refused(Status.BAD_REQUEST, "the request ends in its head");
      }
      size += read;
      if (head[size - 1] != '\n') {
        continue;
      }
      if (size - line > 2) {
        line = size;
      } else if (line > 0 || passedOver) {
        return Arrays.copyOf(head, size);
      } else {
        passedOver = true;
        size = 0;
      }
    }
  }

  /** A line that ends with CR LF, and has no other control character than tabs. */
  private static String line(MessageReader lines) throws IOException {
    byte[] line = lines.readLine(LONGEST);
    for (byte b : line) {
      if ((b >= 0 && b < ' ' && b != '\t') || b == 0x7f) {
        throw new Refused(Status.BAD_REQUEST, "a control character is in the head");
      }
    }
    return new String(line, ISO_8859_1);
  }

  private static int minor(String version) throws Refused {
    if (!VERSION.matcher(version).matches()) {
      throw new Refused(Status.BAD_REQUEST, "the first line has no version of HTTP");
    }
    return switch (version) {
      case "HTTP/1.1" -> 1;
      case "HTTP/1.0" -> 0;
      default -> throw new Refused(Status.VERSION_NOT_SUPPORTED, "only the versions 1.1 and 1.0");
    };
  }

  private static void addField(Map<String, String> fields, String line) throws Refused {
    int colon = Math.max(0, line.indexOf(':'));
    String name = line.substring(0, colon);
    if (!isToken(name)) { // a folded line among others, or a space before the colon
      throw new Refused(Status.BAD_REQUEST, "a line of the head is no field");
    }
    fields.merge(
        name.toLowerCase(Locale.ROOT),
        line.substring(colon + 1).strip(),
        (before, value) -> before + ", " + value);
  }

  private static boolean isToken(String text) {
    return TOKEN.matcher(text).matches();
  }
}
