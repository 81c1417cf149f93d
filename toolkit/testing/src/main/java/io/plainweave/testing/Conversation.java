package io.plainweave.testing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What two sides have said to each other, as text; for the thread of the peer. */
final class Conversation {
  /** A longer part is shown by its beginning and its end. */
  private static final int LONGEST = 1_000;

  /** One part: who has said it, and what. */
  private record Part(String who, StringBuilder what) {}

  private static final String PEER = "peer sends";
  private static final String OTHER = "peer gets ";

  private final List<Part> parts = new ArrayList<>();

  void sent(byte[] bytes) {
    add(PEER, bytes);
  }

  void received(byte[] bytes) {
    add(OTHER, bytes);
  }

  void sent(String event) {
    parts.add(new Part(PEER, new StringBuilder("<" + event + ">")));
  }

  void received(String event) {
    parts.add(new Part(OTHER, new StringBuilder("<" + event + ">")));
  }

  private void add(String who, byte[] bytes) {
    if (bytes.length > 0) {
      parts.add(new Part(who, new StringBuilder(show(bytes))));
    }
  }

  /** Bytes as a test would write them. */
  static String show(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    boolean isText = !text.contains("\uFFFD");
    var shown = new StringBuilder("\"");
    for (char c : (isText ? text : new String(bytes, StandardCharsets.ISO_8859_1)).toCharArray()) {
      shown.append(show(c, isText));
    }
    if (shown.length() > LONGEST) {
      int half = LONGEST / 2;
      String left = " … (" + bytes.length + " bytes) … ";
      shown.replace(half, shown.length() - half, left);
    }
    return shown.append('"').toString();
  }

  private static String show(char c, boolean isText) {
    return switch (c) {
      case '\r' -> "\\r";
      case '\n' -> "\\n";
      case '\t' -> "\\t";
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      default ->
          c < ' ' || c == 127 || (!isText && c > 127) ? "\\x%02x".formatted((int) c) : "" + c;
    };
  }

  @Override
  public String toString() {
    if (parts.isEmpty()) {
      return "nothing was said before";
    }
    var text = new StringBuilder("the conversation so far:");
    for (Part part : parts) {
      text.append("\n  ").append(part.who).append(' ').append(part.what);
    }
    return text.toString();
  }
}
