package io.plainweave.text;

/**
 * Text that others may have chosen, as it is shown in logs and messages: in one line, and nothing
 * in it that a terminal obeys or that changes the order of what is read.
 *
 * <p>A character that is not seen is shown by its escape in Java: {@code \n}, {@code \r}, {@code
 * \t}, or {@code \}{@code u001b} and its like. Those are the control characters, ESC and U+0085
 * among them; the separators of lines and paragraphs, U+2028 and U+2029; the format characters, of
 * which some turn the direction of the text (U+202E); and halves of surrogate pairs. A backslash
 * stays as it is: so shown twice is the same as shown once, and who wants to know whether a peer
 * has sent {@code \n} as two characters looks at the bytes.
 */
public final class OneLine {
  private OneLine() {}

  /** The text, with escapes where they are needed. */
  public static String of(String text) {
    int start = firstUnseen(text);
    if (start == text.length()) {
      return text;
    }
    var shown = new StringBuilder(text.length() + 16).append(text, 0, start);
    text.substring(start).codePoints().forEach(c -> append(shown, c));
    return shown.toString();
  }

  /** Whether nothing in it needs an escape. */
  public static boolean isOne(String text) {
    return firstUnseen(text) == text.length();
  }

  private static int firstUnseen(String text) {
    int i = 0;
    while (i < text.length() && isSeen(text.codePointAt(i))) {
      i += Character.charCount(text.codePointAt(i));
    }
    return i;
  }

  private static boolean isSeen(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      default -> true;
    };
  }

  private static void append(StringBuilder shown, int c) {
    if (isSeen(c)) {
      shown.appendCodePoint(c);
      return;
    }
    switch (c) {
      case '\n' -> shown.append("\\n");
      case '\r' -> shown.append("\\r");
      case '\t' -> shown.append("\\t");
      default -> {
        for (char half : Character.toChars(c)) {
          shown.append(String.format("\\u%04x", (int) half));
        }
      }
    }
  }
}
