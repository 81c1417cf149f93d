package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Duplex;
import io.plainweave.Handler;
import io.plainweave.MalformedMessageException;
import io.plainweave.TimeLimits;
import io.plainweave.TruncatedMessageException;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ClosedConnections;
import io.plainweave.fixture.NeedsModule;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.server.Server;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A message that is too long")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class TooLongTest {
  /** Reads messages until there are none any more. */
  @FunctionalInterface
  private interface Read {
    Object next() throws IOException;
  }

  private static List<String> all(Read read) throws IOException {
    List<String> all = new ArrayList<>();
    for (Object next; (next = read.next()) != null; ) {
      all.add(next instanceof byte[] bytes ? new String(bytes, UTF_8) : (String) next);
    }
    return all;
  }

  private static Duplex of(InputStream in) {
    return Duplex.of(in, OutputStream.nullOutputStream());
  }

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  /** In pieces of so many bytes, as a network may bring them. */
  private static Duplex in(int pieces, String text) {
    var whole = bytes(text);
    return of(
        new InputStream() {
          @Override
          public int read() throws IOException {
            return whole.read();
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            return whole.read(target, offset, Math.min(pieces, length));
          }
        });
  }

  private static String x(int length) {
    return "x".repeat(length);
  }

  // Lines

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 100, 1_000_000})
  void isSkippedOrCutWhereItIsALine(int pieces) throws IOException {
    for (int length = 0; length < 300; length++) {
      for (String end : List.of("\n", "\r\n")) {
        String text = "a" + end + x(length) + end + end + "b" + end;
        boolean fits = length <= 10;
        String cut = x(Math.min(length, 10));
        assertEquals(
            List.of("a", cut, "", "b"),
            all(Lines.of(in(pieces, text), 10).tooLong(TooLong.CUT)::read));
        assertEquals(
            fits ? List.of("a", x(length), "", "b") : List.of("a", "", "b"),
            all(Lines.crlfOrLf(in(pieces, text), 10).tooLong(TooLong.SKIP)::read));
      }
    }
  }

  @Test
  void isSkippedUpToTheEndOfTheInput() throws IOException {
    assertEquals(
        List.of("a"), all(Lines.of(of(bytes("a\n" + x(500))), 10).tooLong(TooLong.SKIP)::read));
    assertEquals(
        List.of("a", x(10)),
        all(Lines.of(of(bytes("a\n" + x(500))), 10).tooLong(TooLong.CUT)::read));
    Lines strict = Lines.crlf(of(bytes(x(500))), 10).tooLong(TooLong.SKIP);
    assertThrows(TruncatedMessageException.class, strict::read);
  }

  @ParameterizedTest
  @EnumSource(names = {"SKIP", "CUT"})
  void hidesNoLineWhereTheEndIsStrict(TooLong tooLong) throws IOException {
    for (int length = 11; length < 300; length++) {
      String smuggled = x(length) + "\nDATA\r\n";
      Lines lines = Lines.crlf(of(bytes(smuggled)), 10).tooLong(tooLong);
      assertThrows(MalformedMessageException.class, lines::read, "of length " + length);
      Lines fine = Lines.crlf(of(bytes(x(length) + "\r\nDATA\r\n")), 10).tooLong(tooLong);
      assertEquals("DATA", all(fine::read).getLast());
    }
  }

  @Test
  void isCutBeforeTheCharacterThatDoesNotFit() throws IOException {
    String text = "\u20ac".repeat(5) + "\n"; // three bytes each
    for (int most = 1; most < 15; most++) {
      Lines lines = Lines.of(of(bytes(text)), most).tooLong(TooLong.CUT);
      assertEquals("\u20ac".repeat(most / 3), lines.read());
      assertNull(lines.read());
    }
    Lines malformed =
        Lines.of(of(new ByteArrayInputStream("ab\u00ffcdef\n".getBytes(ISO_8859_1))), 5)
            .tooLong(TooLong.CUT);
    assertThrows(MalformedMessageException.class, malformed::read);
  }

  // Frames

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 100, 1_000_000})
  void isSkippedOrCutWhereItHasADelimiter(int pieces) throws IOException {
    byte[] delimiter = {'-', '-', '>'};
    for (int length = 0; length < 300; length++) {
      // The end looks like the beginning of the delimiter.
      String message = length < 2 ? x(length) : x(length - 2) + "--";
      String text = "a-->" + message + "-->-->b-->";
      boolean fits = length <= 10;
      String cut = message.substring(0, Math.min(length, 10));
      assertEquals(
          List.of("a", cut, "", "b"),
          all(Frames.delimited(in(pieces, text), delimiter, 10).tooLong(TooLong.CUT)::read));
      assertEquals(
          fits ? List.of("a", message, "", "b") : List.of("a", "", "b"),
          all(Frames.delimited(in(pieces, text), delimiter, 10).tooLong(TooLong.SKIP)::read));
    }
  }

  @Test
  void isSkippedOrCutWhereItsLengthIsKnown() throws IOException {
    String text = "\1a" + "\177" + x(127) + "\0" + "\1b";
    assertEquals(
        List.of("a", "", "b"),
        all(
            Frames.lengthPrefixed(of(bytes(text)), LengthPrefix.U8, 10).tooLong(TooLong.SKIP)
                ::read));
    assertEquals(
        List.of("a", x(10), "", "b"),
        all(
            Frames.lengthPrefixed(of(bytes(text)), LengthPrefix.U8, 10).tooLong(TooLong.CUT)
                ::read));
    Frames cut =
        Frames.lengthPrefixed(of(bytes("\177" + x(50))), LengthPrefix.U8, 10).tooLong(TooLong.CUT);
    assertThrows(TruncatedMessageException.class, cut::read);
    Frames fixed = Frames.fixed(of(bytes("abcd")), 2).tooLong(TooLong.SKIP);
    assertEquals(List.of("ab", "cd"), all(fixed::read));
    assertThrows(
        TruncatedMessageException.class,
        Frames.delimited(of(bytes(x(50))), new byte[] {';'}, 10).tooLong(TooLong.SKIP)::read);
  }

  // What it costs

  /** So many bytes, without an array of them. */
  private static InputStream endless(long bytes) {
    return new InputStream() {
      private long left = bytes;

      @Override
      public int read() {
        return left-- > 0 ? 'x' : -1;
      }

      @Override
      public int read(byte[] target, int offset, int length) {
        int n = (int) Math.min(left, length);
        Arrays.fill(target, offset, offset + n, (byte) 'x');
        left -= n;
        return n == 0 ? -1 : n;
      }
    };
  }

  @NeedsModule("jdk.management")
  @Test
  void takesNoMemoryBeyondTheLimit() throws IOException {
    long size = 200_000_000;
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    // @start region="lines"
    Duplex duplex = Duplex.of(in(size), OutputStream.nullOutputStream());
    Lines lines = Lines.of(duplex, 1_000).tooLong(TooLong.CUT);
    // @end
    long before = threads.getCurrentThreadAllocatedBytes();
    assertEquals(1_000, lines.read().length());
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertEquals("next", lines.read());
    assertTrue(allocated < 100_000, () -> "allocated: " + allocated);
  }

  private static InputStream in(long size) {
    return new SequenceInputStream(endless(size), bytes("\nnext\n"));
  }

  @Test
  void isStoppedByTheTimeLimitOfAMessage() throws Exception {
    var closed = new ClosedConnections();
    Handler handler =
        connection -> {
          connection.changeTimeLimits(TimeLimits.NONE.message(Duration.ofMillis(500)));
          skim(connection);
        };
    try (Server server = closed.start(handler);
        Client client = Client.connect(server)) {
      assertThrows(
          IOException.class,
          () -> {
            while (true) {
              client.send(x(1_000));
            }
          });
      assertEquals(new CloseReason.TimedOut(TimeLimits.Kind.MESSAGE), closed.next());
    }
  }

  // @start region="frames"
  /** Takes what is not too long, and lets the rest pass by. */
  private static void skim(Connection connection) throws IOException {
    Frames frames = Frames.delimited(connection, new byte[] {'\n'}, 1_000).tooLong(TooLong.SKIP);
    for (byte[] frame; (frame = frames.read()) != null; ) {
      frames.write(frame);
    }
  }

  // @end

  @Test
  void isReadOverOnAConnection() throws Exception {
    var closed = new ClosedConnections();
    try (Server server = closed.start(TooLongTest::skim);
        Client client = Client.connect(server)) {
      client.send("one\n" + x(100_000) + "\ntwo\n");
      assertEquals("one\ntwo\n", client.receive(8));
    }
  }
}
