package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Outcome;
import io.plainweave.framing.ReadingServer.Source;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A reader of messages in parts")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class MessageReaderTest {
  // @start region="counted"
  /** Reads a message such as {@code 5\r\nhello\r\n}, its length before it; null at the end. */
  static byte[] readCounted(Connection connection) throws IOException {
    if (!connection.awaitMessage()) {
      return null;
    }
    MessageReader in = MessageReader.of(connection);
    byte[] message = in.readBytes(in.readNumber(), 1_000);
    in.readLineEnd();
    connection.endMessage();
    return message;
  }

  // @end

  record Answer(int id, String name) {}

  // @start region="memory"
  /** Takes a datagram apart: an identifier of two bytes, and a name behind its length. */
  static Answer parse(byte[] datagram) throws IOException {
    MessageReader in = MessageReader.of(datagram);
    var answer = new Answer(in.readUnsignedShort(), in.readUtf8(in.readByte()));
    in.readEnd();
    return answer;
  }

  // @end

  /** A letter that says which part follows it. */
  private static Source parts(Connection connection) {
    return parts(connection, MessageReader.of(connection));
  }

  private static Source lenientParts(Connection connection) {
    return parts(connection, MessageReader.crlfOrLf(connection));
  }

  private static Source parts(Connection connection, MessageReader in) {
    return () -> {
      if (!connection.awaitMessage()) {
        return null;
      }
      String part = part(in);
      connection.endMessage();
      return part;
    };
  }

  private static String part(MessageReader in) throws IOException {
    int kind = in.readByte();
    return switch (kind) {
      case 'n' -> Long.toString(in.readNumber());
      case 'l' -> new String(in.readLine(5), ISO_8859_1);
      case 'e' -> {
        in.readLineEnd();
        yield "";
      }
      case 'c' -> new String(readRest(in), ISO_8859_1);
      case 'S' -> Integer.toString(in.readUnsignedShort());
      case 'I' -> Long.toString(in.readUnsignedInt());
      case 'L' -> Long.toString(in.readLong());
      case 'B' -> new String(in.readBytes(in.readLong(), 3), ISO_8859_1);
      case 'U' -> in.readUtf8(in.readByte());
      case 'K' -> {
        in.skip(in.readUnsignedInt());
        yield "";
      }
      default -> Character.toString(kind);
    };
  }

  private static byte[] readRest(MessageReader in) throws IOException {
    byte[] bytes = in.readBytes((int) in.readNumber());
    in.readLineEnd();
    return bytes;
  }

  private static Outcome read(String sent) throws Exception {
    return read(MessageReaderTest::parts, sent);
  }

  private static Outcome read(Function<Connection, Source> framing, String sent) throws Exception {
    try (var server = new ReadingServer(framing)) {
      return server.deliver(Corpus.bytes(sent));
    }
  }

  @Test
  void readsTheSameWhereverItsInputIsSplit() throws Exception {
    byte[] sent =
        Corpus.bytes("n0\r\nn-12\nxlabc\r\nl\nl12345\r\ne\r\ne\nc3\r\na\r\n\r\nc0\n\nn7\r\nÿ");
    var outcome =
        new Outcome(
            List.of("0", "-12", "x", "abc", "", "12345", "", "", "a\r\n", "", "7", "ÿ"),
            CloseReason.Finished.class);
    try (var server = new ReadingServer(MessageReaderTest::lenientParts)) {
      for (int i = 0; i < sent.length; i++) {
        byte[] head = Arrays.copyOf(sent, i);
        byte[] tail = Arrays.copyOfRange(sent, i, sent.length);
        assertEquals(outcome, server.deliver(head, tail), "split at " + i);
      }
    }
  }

  @Test
  void readsEveryNumberThatFitsIntoALong() throws Exception {
    assertEquals(
        new Outcome(
            List.of("9223372036854775807", "-9223372036854775808", "0", "7"),
            CloseReason.Finished.class),
        read("n9223372036854775807\r\nn-9223372036854775808\r\nn-0\r\nn007\r\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "n9223372036854775808\r\n",
        "n-9223372036854775809\r\n",
        "n18446744073709551616\r\n",
        "n99999999999999999999\r\n",
        "n\r\n",
        "n-\r\n",
        "n--1\r\n",
        "n+1\r\n",
        "n1 \r\n",
        "n 1\r\n",
        "n1\rx",
        "n1\r\r\n",
        "nx\r\n",
        "n\u00b2\r\n",
        "l123456\r\n",
        "l12345\rx",
        "la\rb\r\n",
        "la\r\r\n",
        "ex",
        "e\rx",
        "c1\r\nabc"
      })
  void refusesWhatIsNoNumberNoLineOrNoEnd(String bad) throws Exception {
    var outcome = new Outcome(List.of("1"), CloseReason.Malformed.class);
    assertEquals(outcome, read("n1\r\n" + bad));
    assertEquals(outcome, read(MessageReaderTest::lenientParts, "n1\n" + bad));
  }

  @ParameterizedTest
  @ValueSource(strings = {"n1\n", "l\n", "la\n", "e\n", "c1\na\r\n", "c1\r\na\n"})
  void takesALineFeedAloneForAnEndOnlyWhenItIsAsked(String bare) throws Exception {
    assertEquals(
        new Outcome(List.of("x"), CloseReason.Malformed.class), read("x" + bare + "n1\r\n"));
    assertEquals(
        CloseReason.Finished.class, read(MessageReaderTest::lenientParts, "x" + bare).end());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"n", "n1", "n1\r", "n-", "l", "l1", "l1\r", "e", "e\r", "c3\r\nab", "c3\r\nabc"})
  void tellsAnEndInsideAMessage(String cut) throws Exception {
    assertEquals(new Outcome(List.of("x"), CloseReason.Truncated.class), read("x" + cut));
  }

  /** Every kind of part, at both ends of its range, and what is read. */
  private static final String BINARY =
      "S\0\0"
          + "S\1\2"
          + "S\377\377"
          + "I\0\0\0\0"
          + "I\1\2\3\4"
          + "I\377\377\377\377"
          + "L\0\0\0\0\0\0\0\0"
          + "L\1\2\3\4\5\6\7\10"
          + "L\377\377\377\377\377\377\377\377"
          + "L\177\377\377\377\377\377\377\377"
          + "L\200\0\0\0\0\0\0\0"
          + "B\0\0\0\0\0\0\0\0"
          + "B\0\0\0\0\0\0\0\3abc"
          + "U\0"
          + "U\3\303\244a"
          + "K\0\0\0\0"
          + "K\0\0\0\3abc"
          + "x";

  private static final List<String> BINARY_PARTS =
      List.of(
          "0",
          "258",
          "65535",
          "0",
          "16909060",
          "4294967295",
          "0",
          "72623859790382856",
          "-1",
          "9223372036854775807",
          "-9223372036854775808",
          "",
          "abc",
          "",
          "\u00e4a",
          "",
          "",
          "x");

  @Test
  void readsNumbersBytesAndTextsInBinaryWhereverTheInputIsSplit() throws Exception {
    byte[] sent = Corpus.bytes(BINARY);
    var outcome = new Outcome(BINARY_PARTS, CloseReason.Finished.class);
    try (var server = new ReadingServer(MessageReaderTest::parts)) {
      for (int i = 0; i < sent.length; i += 3) {
        byte[] head = Arrays.copyOf(sent, i);
        byte[] tail = Arrays.copyOfRange(sent, i, sent.length);
        assertEquals(outcome, server.deliver(head, tail), "split at " + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "S",
        "S\1",
        "I\1\2\3",
        "L\1\2\3\4\5\6\7",
        "B\0\0\0\0\0\0\0\3ab",
        "U",
        "U\2a",
        "K\0\0\0\3ab",
        "K\377\377\377\377ab"
      })
  void tellsAnEndInsideAPartInBinary(String cut) throws Exception {
    assertEquals(new Outcome(List.of("x"), CloseReason.Truncated.class), read("x" + cut));
    MessageReader inMemory = MessageReader.of(Corpus.bytes(cut));
    assertThrows(MalformedMessageException.class, () -> part(inMemory));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "B\0\0\0\0\0\0\0\4abcd", "B\377\377\377\377\377\377\377\377", "B\0\0\0\1\0\0\0\1a",
        "U\1\377", "U\1\303", "U\2a\303"
      })
  void refusesALengthBeyondTheLimitAndWhatIsNoUtf8(String bad) throws Exception {
    assertEquals(new Outcome(List.of("x"), CloseReason.Malformed.class), read("x" + bad));
    MessageReader inMemory = MessageReader.of(Corpus.bytes(bad));
    assertThrows(MalformedMessageException.class, () -> part(inMemory));
  }

  @Test
  void readsInMemoryWhatItReadsFromAConnection() throws Exception {
    var sent = BINARY + "n-12\r\nlabc\r\nl\r\nl12345\r\ne\r\nc3\r\na\r\n\r\n";
    MessageReader in = MessageReader.of(Corpus.bytes(sent));
    var parts = new ArrayList<String>();
    while (in.remaining() > 0) {
      parts.add(part(in));
    }
    var expected = new ArrayList<>(BINARY_PARTS);
    expected.addAll(List.of("-12", "abc", "", "12345", "", "a\r\n"));
    assertEquals(expected, parts);
    in.readEnd();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "n", "n1", "n1\r", "l", "l1", "l1\r", "e", "e\r", "c3\r\nab"})
  void refusesAMessageInMemoryThatIsShorterThanItsParts(String cut) {
    MessageReader in = MessageReader.of(Corpus.bytes(cut));
    assertThrows(MalformedMessageException.class, () -> part(in));
  }

  @Test
  void knowsWhatIsLeftOfAMessageInMemoryAlone() throws Exception {
    MessageReader in = MessageReader.of(new byte[10]);
    in.readUnsignedInt();
    in.skip(2);
    assertEquals(4, in.remaining());
    assertThrows(MalformedMessageException.class, in::readEnd);
    assertEquals(4, in.remaining(), "that takes nothing");
    assertThrows(IllegalArgumentException.class, () -> in.skip(-1));
    assertThrows(IllegalArgumentException.class, () -> in.readBytes(-1));
    in.skip(4);
    in.readEnd();
    var streams = Duplex.of(InputStream.nullInputStream(), OutputStream.nullOutputStream());
    MessageReader connection = MessageReader.of(streams);
    assertThrows(IllegalStateException.class, connection::remaining);
    assertThrows(IllegalStateException.class, connection::readEnd);
  }

  @Test
  void readsTheMessagesOfItsDocumentation() throws Exception {
    assertEquals(new Answer(7, "n\u00e4me"), parse(Corpus.bytes("\0\7\5n\303\244me")));
    assertThrows(MalformedMessageException.class, () -> parse(Corpus.bytes("\0\7\1ab")));
    try (var server =
        new ReadingServer(connection ->
            () -> {
              byte[] message = readCounted(connection);
              return message == null ? null : new String(message, ISO_8859_1);
            })) {
      assertEquals(
          new Outcome(List.of("hello", ""), CloseReason.Malformed.class),
          server.deliver(Corpus.bytes("5\r\nhello\r\n0\r\n\r\n1001\r\n")));
    }
  }
}
