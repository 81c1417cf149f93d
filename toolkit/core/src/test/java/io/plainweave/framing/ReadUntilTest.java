package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.TruncatedMessageException;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Outcome;
import io.plainweave.framing.ReadingServer.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Reading until a byte")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class ReadUntilTest {
  /** Longer than what the search looks at in one step. */
  private static final List<String> LINES =
      List.of("one\n", "\n", "\n", "0123456789".repeat(4) + "\n", "1234567\n", "12345678\n");

  // @start region="whole"
  /** Reads a line into an array, and returns its size, the line feed at its end included. */
  static int readLine(Connection connection, byte[] line) throws IOException {
    int size = 0;
    while (size < line.length) {
      int n = connection.readUntil((byte) '\n', line, size, line.length - size);
      if (n < 0) {
        throw new TruncatedMessageException("a line of " + size + " bytes has no end");
      }
      size += n;
      if (line[size - 1] == '\n') {
        return size;
      }
    }
    throw new MalformedMessageException("a line is longer than " + line.length + " bytes");
  }

  // @end

  private static Source wholeLines(Connection connection) {
    byte[] line = new byte[41];
    return () ->
        connection.awaitMessage()
            ? new String(line, 0, readLine(connection, line), ISO_8859_1)
            : null;
  }

  /** Every call of readUntil, in the middle of a larger array. */
  private static Source calls(Connection connection, int room) {
    byte[] target = new byte[room + 4];
    return () -> {
      Arrays.fill(target, (byte) '.');
      int n = connection.readUntil((byte) '\n', target, 2, room);
      String around = new String(target, ISO_8859_1);
      assertEquals("..", around.substring(0, 2), "before the offset");
      assertEquals(".".repeat(room + 2 - Math.max(n, 0)), around.substring(Math.max(n, 0) + 2));
      return n < 0 ? null : around.substring(2, n + 2);
    };
  }

  private static Outcome finished(List<String> messages) {
    return new Outcome(messages, CloseReason.Finished.class);
  }

  @Test
  void findsTheSameLinesWhereverTheInputIsSplit() throws Exception {
    byte[] sent = Corpus.bytes(String.join("", LINES));
    try (var server = new ReadingServer(ReadUntilTest::wholeLines)) {
      for (int i = 0; i < sent.length; i++) {
        byte[] head = Arrays.copyOf(sent, i);
        byte[] tail = Arrays.copyOfRange(sent, i, sent.length);
        assertEquals(finished(LINES), server.deliver(head, tail), "split at " + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 9, 16, 41, 42, 1000})
  void fillsTheRoomUpToTheByte(int room) throws Exception {
    var expected = new ArrayList<String>();
    for (String line : LINES) {
      for (int i = 0; i < line.length(); i += room) {
        expected.add(line.substring(i, Math.min(line.length(), i + room)));
      }
    }
    try (var server = new ReadingServer(connection -> calls(connection, room))) {
      assertEquals(finished(expected), server.deliver(Corpus.bytes(String.join("", LINES))));
    }
  }

  @Test
  void returnsWhatHasComeWithoutAWaitForTheRest() throws Exception {
    try (var server = new ReadingServer(connection -> calls(connection, 100))) {
      assertEquals(
          finished(List.of("he", "llo\n", "wor", "ld")),
          server.deliver(Corpus.bytes("he"), Corpus.bytes("llo\nwor"), Corpus.bytes("ld")));
    }
  }

  @Test
  void leavesWhatFollowsToAnyOtherReader() throws Exception {
    byte[] line = new byte[100];
    try (var server =
        new ReadingServer(connection ->
            () -> {
              int n = connection.readUntil((byte) '\n', line, 0, line.length);
              return n < 0
                  ? null
                  : new String(line, 0, n, ISO_8859_1)
                      + new String(connection.input().readNBytes(3), ISO_8859_1)
                      + Lines.of(connection, 9).read();
            })) {
      assertEquals(
          finished(List.of("one\n" + "\nab" + "cd", "two\n" + "efg" + "")),
          server.deliver(Corpus.bytes("one\n\nabcd\ntwo\nefg\n")));
    }
  }

  @Test
  void readsNothingWhereThereIsNoRoom() throws Exception {
    byte[] target = new byte[2];
    try (var server =
        new ReadingServer(connection -> {
          Source two = calls(connection, 2);
          return () -> {
            assertEquals(0, connection.readUntil((byte) 'x', target, 2, 0));
            assertThrows(
                IndexOutOfBoundsException.class,
                () -> connection.readUntil((byte) 'x', target, 1, 2));
            return two.read();
          };
        })) {
      assertEquals(finished(List.of("ab", "c")), server.deliver(Corpus.bytes("abc")));
    }
  }

  @Test
  void letsTheExampleTellAnEndAndALongLine() throws Exception {
    try (var server = new ReadingServer(ReadUntilTest::wholeLines)) {
      assertEquals(
          new Outcome(List.of("a\n"), CloseReason.Truncated.class),
          server.deliver(Corpus.bytes("a\nb")));
      assertEquals(
          new Outcome(List.of("a\n"), CloseReason.Malformed.class),
          server.deliver(Corpus.bytes("a\n" + "b".repeat(41))));
    }
  }
}
