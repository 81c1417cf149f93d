package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.framing.ReadingServer.Outcome;
import io.plainweave.framing.ReadingServer.Source;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Messages in one framing, as their bytes were written by hand, and what a reader must see in them.
 *
 * @param name of the framing
 * @param framing how a connection is read
 * @param messages what is sent, each character a byte
 * @param outcome what is to be read
 */
record Corpus(
    String name, Function<Connection, Source> framing, List<String> messages, Outcome outcome) {
  /** Long enough not to fit into what a waiting connection reads at once, the prefix included. */
  private static final String LONG = "0123456789".repeat(13);

  private static final int LIMIT = 200;

  byte[] bytes() {
    return bytes(String.join("", messages));
  }

  static byte[] bytes(String text) {
    return text.getBytes(ISO_8859_1);
  }

  static Function<Connection, Source> lines(int limit) {
    return connection -> Lines.of(connection, limit)::read;
  }

  private static Function<Connection, Source> crlfLines(int limit) {
    return connection -> Lines.crlf(connection, limit)::read;
  }

  static Function<Connection, Source> delimited(String delimiter, int limit) {
    return connection -> source(Frames.delimited(connection, bytes(delimiter), limit));
  }

  static Function<Connection, Source> fixed(int size) {
    return connection -> source(Frames.fixed(connection, size));
  }

  static Function<Connection, Source> lengthPrefixed(LengthPrefix prefix, int limit) {
    return connection -> source(Frames.lengthPrefixed(connection, prefix, limit));
  }

  private static Source source(Frames frames) {
    return () -> text(frames);
  }

  private static @Nullable String text(Frames frames) throws IOException {
    byte[] message = frames.read();
    return message == null ? null : new String(message, ISO_8859_1);
  }

  /** A stream of good messages in each framing. */
  static Stream<Corpus> good() {
    return Stream.of(
        new Corpus(
            "lines",
            lines(LIMIT),
            List.of("one\r\n", "\n", "\r\n", "\rt\rwo\r\r\n", LONG + "\n", "n\u00c3\u00a9e\n"),
            finished("one", "", "", "\rt\rwo\r", LONG, "n\u00e9e")),
        new Corpus(
            "lines that end with CR LF",
            crlfLines(LIMIT),
            List.of("one\r\n", "\r\n", "\r\n", LONG + "\r\n", "n\u00c3\u00a9e\r\n"),
            finished("one", "", "", LONG, "n\u00e9e")),
        new Corpus(
            "delimited by NUL",
            delimited("\0", LIMIT),
            List.of("one\0", "\0", "\0", "tw\n\0", LONG + "\0"),
            finished("one", "", "", "tw\n", LONG)),
        new Corpus(
            "delimited by an empty line",
            delimited("\r\n\r\n", LIMIT),
            List.of("a\r\nb\r\r\n\r\n", "\r\n\r\n", "\n\r\n\r\n", "\r\n\r" + LONG + "\r\n\r\n"),
            finished("a\r\nb\r", "", "\n", "\r\n\r" + LONG)),
        new Corpus(
            "delimited by aab",
            delimited("aab", LIMIT),
            List.of("aaab", "aab", "abaab", "bbaaaaab"),
            finished("a", "", "ab", "bbaaa")),
        new Corpus("fixed, 1 byte", fixed(1), List.of("a", "\0", "\n"), finished("a", "\0", "\n")),
        new Corpus("fixed, 130 bytes", fixed(130), List.of(LONG, LONG), finished(LONG, LONG)),
        lengthPrefixed(LengthPrefix.U8, "\0", "\3", "\u0082"),
        lengthPrefixed(LengthPrefix.U16_BIG_ENDIAN, "\0\0", "\0\3", "\0\u0082"),
        lengthPrefixed(LengthPrefix.U16_LITTLE_ENDIAN, "\0\0", "\3\0", "\u0082\0"),
        lengthPrefixed(LengthPrefix.U24_BIG_ENDIAN, "\0\0\0", "\0\0\3", "\0\0\u0082"),
        lengthPrefixed(LengthPrefix.U24_LITTLE_ENDIAN, "\0\0\0", "\3\0\0", "\u0082\0\0"),
        lengthPrefixed(LengthPrefix.U32_BIG_ENDIAN, "\0\0\0\0", "\0\0\0\3", "\0\0\0\u0082"),
        lengthPrefixed(LengthPrefix.U32_LITTLE_ENDIAN, "\0\0\0\0", "\3\0\0\0", "\u0082\0\0\0"),
        lengthPrefixed(LengthPrefix.VARINT, "\0", "\3", "\u0082\1"),
        lengthPrefixed(
            LengthPrefix.VARINT, "\u0080\u0080\0", "\u0083\u0080\u0080\u0080\0", "\u0082\u0081\0"));
  }

  private static Corpus lengthPrefixed(
      LengthPrefix prefix, String zero, String three, String n130) {
    return new Corpus(
        "behind " + prefix + ", zero as " + zero.length() + " bytes",
        lengthPrefixed(prefix, LIMIT),
        List.of(three + "abc", zero, zero, n130 + LONG, three + "\0\0\1"),
        finished("abc", "", "", LONG, "\0\0\1"));
  }

  /** A good message and one that must be refused, in each framing that can refuse one. */
  static Stream<Corpus> bad() {
    return Stream.of(
        bad("a line too long", lines(3), "ok\n", "four\n"),
        bad("a line with a second carriage return too late", lines(3), "ok\n", "abc\r\r\n"),
        bad("a line feed alone", crlfLines(9), "ok\r\n", "bad\n"),
        bad("a carriage return alone", crlfLines(9), "ok\r\n", "bad\rbad\r\n"),
        bad("a line that is not UTF-8", lines(3), "ok\n", "\u00c3(\n"),
        bad("a frame too long for its delimiter", delimited("\r\n", 3), "ok\r\n", "four\r\n"),
        refused(LengthPrefix.U8, "\2", "\4"),
        refused(LengthPrefix.U8, "\2", "\u00ff"),
        refused(LengthPrefix.U16_BIG_ENDIAN, "\0\2", "\u00ff\u00ff"),
        refused(LengthPrefix.U16_BIG_ENDIAN, "\0\2", "\3\0"),
        refused(LengthPrefix.U16_LITTLE_ENDIAN, "\2\0", "\0\3"),
        refused(LengthPrefix.U24_BIG_ENDIAN, "\0\0\2", "\1\0\0"),
        refused(LengthPrefix.U24_LITTLE_ENDIAN, "\2\0\0", "\0\0\1"),
        refused(LengthPrefix.U32_BIG_ENDIAN, "\0\0\0\2", "\0\0\0\4"),
        refused(LengthPrefix.U32_BIG_ENDIAN, "\0\0\0\2", "\u0080\0\0\0"),
        refused(LengthPrefix.U32_BIG_ENDIAN, "\0\0\0\2", "\u007f\u00ff\u00ff\u00ff"),
        refused(LengthPrefix.U32_BIG_ENDIAN, "\0\0\0\2", "\u00ff\u00ff\u00ff\u00ff"),
        refused(LengthPrefix.U32_LITTLE_ENDIAN, "\2\0\0\0", "\0\0\0\u0080"),
        refused(LengthPrefix.U32_LITTLE_ENDIAN, "\2\0\0\0", "\u00ff\u00ff\u00ff\u007f"),
        refused(LengthPrefix.U32_LITTLE_ENDIAN, "\2\0\0\0", "\u00ff\u00ff\u00ff\u00ff"),
        refused(LengthPrefix.VARINT, "\2", "\4"),
        refused(LengthPrefix.VARINT, "\2", "\u0080\1"),
        refused(LengthPrefix.VARINT, "\2", "\u00ff\u00ff\u00ff\u00ff\7"),
        refused(LengthPrefix.VARINT, "\2", "\u00ff\u00ff\u00ff\u00ff\17"),
        // 2 in the lower 32 bits of a value that has more
        refused(LengthPrefix.VARINT, "\2", "\u0082\u0080\u0080\u0080\20"),
        // without an end
        refused(LengthPrefix.VARINT, "\2", "\u0082\u0080\u0080\u0080\u0080"));
  }

  /** What is refused once its length is read: nothing follows it. */
  private static Corpus refused(LengthPrefix prefix, String two, String tooLong) {
    String name = prefix.name();
    for (byte b : bytes(tooLong)) {
      name += String.format(" %02x", b);
    }
    return bad(name, lengthPrefixed(prefix, 3), two + "ok", tooLong);
  }

  private static Corpus bad(
      String name, Function<Connection, Source> framing, String good, String refused) {
    return new Corpus(
        name,
        framing,
        List.of(good, refused),
        new Outcome(List.of("ok"), CloseReason.Malformed.class));
  }

  private static Outcome finished(String... messages) {
    return new Outcome(List.of(messages), CloseReason.Finished.class);
  }

  @Override
  public String toString() {
    return name;
  }
}
