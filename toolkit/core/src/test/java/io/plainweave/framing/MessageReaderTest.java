package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Outcome;
import io.plainweave.framing.ReadingServer.Source;
import java.io.IOException;
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
    long length = in.readNumber();
    if (length < 0 || length > 1_000) {
      throw new MalformedMessageException("a length of " + length + " bytes");
    }
    byte[] message = in.readBytes((int) length);
    in.readLineEnd();
    connection.endMessage();
    return message;
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
      int kind = in.readByte();
      String part =
          switch (kind) {
            case 'n' -> Long.toString(in.readNumber());
            case 'l' -> new String(in.readLine(5), ISO_8859_1);
            case 'e' -> {
              in.readLineEnd();
              yield "";
            }
            case 'c' -> new String(readRest(in), ISO_8859_1);
            default -> Character.toString(kind);
          };
      connection.endMessage();
      return part;
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

  @Test
  void readsTheMessagesOfItsDocumentation() throws Exception {
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
