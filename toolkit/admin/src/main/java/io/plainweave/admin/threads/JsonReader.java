package io.plainweave.admin.threads;

import java.io.IOException;
import java.io.Reader;

/**
 * Reads JSON (RFC 8259) as a stream, as far as a dump of threads needs it: objects, arrays, and
 * values that are kept as text. The JDK has no reader of JSON, and this module has no dependency.
 */
final class JsonReader {
  /** A dump nests five deep; a newer one may add some. */
  private static final int DEEPEST = 64;

  private static final int END = -1;

  private final Reader in;
  private final char[] buffer = new char[64 * 1024];
  private final StringBuilder text = new StringBuilder();

  /** Of the buffer, what was read of it and what there is in it. */
  private int position;

  private int limit;

  /** How deep the objects and arrays are into which the reader has gone. */
  private int depth;

  JsonReader(Reader in) {
    this.in = in;
  }

  /** Takes the value of a field: whatever it is, all of it. */
  @FunctionalInterface
  interface Field {
    void read(String name) throws IOException;
  }

  /** Takes an element: whatever it is, all of it. */
  @FunctionalInterface
  interface Element {
    void read() throws IOException;
  }

  /** Whether the next value is an object. */
  boolean isObject() throws IOException {
    return peek() == '{';
  }

  /** Whether the next value is an array. */
  boolean isArray() throws IOException {
    return peek() == '[';
  }

  /** Reads an object, field by field. */
  void object(Field field) throws IOException {
    begin('{');
    while (peek() != '}') {
      String name = string();
      expect(':');
      field.read(name);
      if (peek() != ',') {
        break;
      }
      expect(',');
    }
    end('}');
  }

  /** Reads an array, element by element. */
  void array(Element element) throws IOException {
    begin('[');
    while (peek() != ']') {
      element.read();
      if (peek() != ',') {
        break;
      }
      expect(',');
    }
    end(']');
  }

  /** Reads a value that is neither object nor array; null for {@code null}, and for those two. */
  String scalar() throws IOException {
    if (peek() == '"') {
      return string();
    }
    if (isObject() || isArray()) {
      skip();
      return null;
    }
    String word = word();
    return word.equals("null") ? null : word;
  }

  /** Passes over a value, whatever it is. */
  void skip() throws IOException {
    switch (peek()) {
      case '{' -> object(_ -> skip());
      case '[' -> array(this::skip);
      default -> scalar();
    }
  }

  /** Reads numbers and the three words of JSON. */
  private String word() throws IOException {
    text.setLength(0);
    for (int c = peek(); c != END && (Character.isLetterOrDigit(c) || "+-.".indexOf(c) >= 0); ) {
      text.append((char) c);
      position++;
      c = current();
    }
    if (text.isEmpty()) {
      throw unexpected();
    }
    return text.toString();
  }

  private String string() throws IOException {
    expect('"');
    text.setLength(0);
    for (int c; (c = next()) != '"'; ) {
      text.append(c == '\\' ? escaped() : (char) c);
    }
    return text.toString();
  }

  private char escaped() throws IOException {
    int c = next();
    return switch (c) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int i = 0; i < 4; i++) {
          int digit = Character.digit(next(), 16);
          if (digit < 0) {
            throw new IOException("it is no JSON: \\u without four hexadecimal digits");
          }
          code = code * 16 + digit;
        }
        yield (char) code;
      }
      case '"', '\\', '/' -> (char) c;
      default -> throw new IOException("it is no JSON: unknown escape \\" + (char) c);
    };
  }

  private void begin(char first) throws IOException {
    expect(first);
    if (++depth > DEEPEST) {
      throw new IOException("it is no dump of threads: it nests more than " + DEEPEST + " deep");
    }
  }

  private void end(char last) throws IOException {
    expect(last);
    depth--;
  }

  private void expect(char wanted) throws IOException {
    if (peek() != wanted) {
      throw unexpected();
    }
    position++;
  }

  private IOException unexpected() throws IOException {
    int c = peek();
    return c == END ? cut() : new IOException("it is no JSON: unexpected '" + (char) c + "'");
  }

  private static IOException cut() {
    return new IOException("it is no JSON, or was cut: its end came too early");
  }

  /** The next character that is no space, which stays there. */
  private int peek() throws IOException {
    int c = current();
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      position++;
      c = current();
    }
    return c;
  }

  private char next() throws IOException {
    int c = current();
    if (c == END) {
      throw cut();
    }
    position++;
    return (char) c;
  }

  private int current() throws IOException {
    if (position == limit) {
      position = 0;
      limit = Math.max(0, in.read(buffer));
    }
    return limit == 0 ? END : buffer[position];
  }
}
