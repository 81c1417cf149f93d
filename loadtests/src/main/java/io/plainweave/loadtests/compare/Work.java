package io.plainweave.loadtests.compare;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server has to do in a row of the table.
 *
 * @param name as on the command line
 * @param kind how the load behaves
 * @param connections open at a time
 * @param bytes of a message, or of the body of one
 * @param depth messages sent together, before any of their answers
 * @param percent of the base's peak rate; 0 if the rate is as high as it gets
 */
record Work(String name, Kind kind, int connections, int bytes, int depth, int percent) {
  enum Kind {
    /** Each connection sends its next messages when the last ones have been answered. */
    CLOSED_LOOP,
    /** Messages are due at a fixed rate, whatever the server does. */
    OPEN_LOOP,
    /** Connect, one message, close. */
    CHURN,
    /** Connect, one message, and then nothing. */
    IDLE
  }

  static final String NAMES =
      "echo-CONNECTIONS, pipelined-DEPTH, message-SIZE (16k, 1m), churn, open-PERCENT,"
          + " idle-CONNECTIONS; with --http: get-CONNECTIONS, pipelined-DEPTH, open-PERCENT."
          + " pipelined-16x100 has 100 connections, as has open-80x100";

  private static final int SMALL = 64;
  private static final int CONNECTIONS = 50;

  /** Enough for the servers to be busy with others while one waits for its bytes. */
  private static final int LARGE_CONNECTIONS = 8;

  private static final int LARGE = 256 << 10;
  private static final int MANY_CONNECTIONS = 1_000;
  private static final int CHURN_CONNECTIONS = 16;

  /** What a process may hold at a descriptor limit of 20,000, with some kept for itself. */
  private static final int MOST_CONNECTIONS = 19_000;

  private static final int MOST_BYTES = 16 << 20;
  private static final Pattern NAME =
      Pattern.compile("([a-z]+)(?:-(\\d{1,8})(?:([km])|x(\\d{1,8}))?)?");

  /**
   * The work of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static Work of(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw unknown(name);
    }
    if (matcher.group(2) == null) {
      if (!name.equals("churn")) {
        throw unknown(name);
      }
      return new Work(name, Kind.CHURN, CHURN_CONNECTIONS, SMALL, 1, 0);
    }
    int number = Integer.parseInt(matcher.group(2));
    boolean hasUnit = matcher.group(3) != null;
    boolean saysConnections = matcher.group(4) != null;
    if ((hasUnit && !matcher.group(1).equals("message"))
        || (saysConnections && !Set.of("pipelined", "open").contains(matcher.group(1)))) {
      throw unknown(name);
    }
    int said =
        saysConnections
            ? between(name, Integer.parseInt(matcher.group(4)), 1, MOST_CONNECTIONS)
            : 0;
    return switch (matcher.group(1)) {
      case "echo", "get" -> {
        int connections = between(name, number, 1, MOST_CONNECTIONS);
        yield new Work(name, Kind.CLOSED_LOOP, connections, SMALL, 1, 0);
      }
      case "pipelined" -> {
        int depth = between(name, number, 1, 1_024);
        int connections = saysConnections ? said : CONNECTIONS;
        yield new Work(name, Kind.CLOSED_LOOP, connections, SMALL, depth, 0);
      }
      case "message" -> {
        int unit = hasUnit ? 1 << (matcher.group(3).equals("k") ? 10 : 20) : 1;
        int bytes =
            between(name, Math.clamp((long) number * unit, 0, MOST_BYTES + 1), 8, MOST_BYTES);
        int connections = bytes >= LARGE ? LARGE_CONNECTIONS : CONNECTIONS;
        yield new Work(name, Kind.CLOSED_LOOP, connections, bytes, 1, 0);
      }
      case "open" -> {
        int percent = between(name, number, 1, 100);
        int connections = saysConnections ? said : MANY_CONNECTIONS;
        yield new Work(name, Kind.OPEN_LOOP, connections, SMALL, 1, percent);
      }
      case "idle" -> {
        int connections = between(name, number, 1, MOST_CONNECTIONS);
        yield new Work(name, Kind.IDLE, connections, SMALL, 1, 0);
      }
      default -> throw unknown(name);
    };
  }

  Work withBytes(int other) {
    return new Work(name, kind, connections, other, depth, percent);
  }

  /** What the table says of it. */
  String description() {
    return switch (kind) {
      case CLOSED_LOOP ->
          text("%s, %s%s", opened(), size(), depth == 1 ? "" : ", " + depth + " together");
      case OPEN_LOOP -> text("%s, %s, at %d %% of the base's peak", opened(), size(), percent);
      case CHURN -> text("connect, %s, close; %d at a time", size(), connections);
      case IDLE -> text("%s after a message of %s", opened(), size());
    };
  }

  private String opened() {
    return connections == 1 ? "1 connection" : text("%,d connections", connections);
  }

  private String size() {
    if (bytes % (1 << 20) == 0) {
      return (bytes >> 20) + " MB";
    }
    return bytes % (1 << 10) == 0 ? (bytes >> 10) + " KB" : bytes + " B";
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static int between(String name, int number, int lowest, int highest) {
    if (number < lowest || number > highest) {
      throw new IllegalArgumentException(
          text("'%s' is out of range: %,d to %,d", name, lowest, highest));
    }
    return number;
  }

  private static IllegalArgumentException unknown(String name) {
    return new IllegalArgumentException("'" + name + "' is no work: " + NAMES);
  }
}
