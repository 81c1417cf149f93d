package io.plainweave.framing;

import static io.plainweave.framing.Corpus.bytes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.event.ServerEvent;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Outcome;
import io.plainweave.framing.ReadingServer.Source;
import io.plainweave.server.Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Frames")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class FramesTest {
  private static Server start(Handler handler) throws Exception {
    return Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(handler).start();
  }

  /** Runs code with a connection, and returns what its peer receives. */
  private static String written(ThrowingConsumer<Connection> code) throws Throwable {
    var failure = new CompletableFuture<Throwable>();
    Handler handler =
        connection -> {
          try {
            code.accept(connection);
            failure.complete(null);
          } catch (Throwable e) {
            failure.complete(e);
          }
        };
    try (Server server = start(handler);
        Client client = Client.connect(server)) {
      byte[] received = client.socket().getInputStream().readAllBytes();
      Throwable thrown = failure.get(10, TimeUnit.SECONDS);
      if (thrown != null) {
        throw thrown;
      }
      return new String(received, java.nio.charset.StandardCharsets.ISO_8859_1);
    }
  }

  private static String refusal(ThrowingConsumer<Connection> code) throws Throwable {
    var message = new CompletableFuture<String>();
    String written =
        written(connection ->
            message.complete(
                assertThrows(IllegalArgumentException.class, () -> code.accept(connection))
                    .getMessage()));
    assertEquals("", written, "nothing is written of what is refused");
    return message.get();
  }

  // Reading

  @Test
  void mayBeAsLongAsTheLimit() throws Exception {
    assertLimit(Corpus.lengthPrefixed(LengthPrefix.U32_BIG_ENDIAN, 5), "\0\0\0\5abcde", "\0\0\0\6");
    assertLimit(Corpus.lengthPrefixed(LengthPrefix.VARINT, 5), "\5abcde", "\6");
    assertLimit(Corpus.delimited("\n", 5), "abcde\n", "abcdef\n");
    assertLimit(Corpus.delimited("--", 5), "abcde--", "abcdef--");
  }

  private static void assertLimit(
      Function<Connection, Source> framing, String longest, String tooLong) throws Exception {
    try (var server = new ReadingServer(framing)) {
      assertEquals(
          new Outcome(List.of("abcde"), CloseReason.Finished.class),
          server.deliver(bytes(longest)));
      assertEquals(
          new Outcome(List.of(), CloseReason.Malformed.class), server.deliver(bytes(tooLong)));
    }
  }

  @ParameterizedTest
  @MethodSource("io.plainweave.framing.Corpus#bad")
  void areRefusedWhileThePeerStillWaits(Corpus corpus) throws Exception {
    Handler reads =
        connection -> {
          Source source = corpus.framing().apply(connection);
          while (source.read() != null) {}
        };
    try (Server server = start(reads);
        Client client = Client.connect(server)) {
      client.socket().getOutputStream().write(corpus.bytes());
      assertTrue(client.seesReset());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lines", "delimited"})
  void thatNeverEndAreRefusedAtTheLimit(String name) throws Exception {
    Function<Connection, Source> framing =
        name.equals("lines") ? Corpus.lines(8_192) : Corpus.delimited("\r\n", 8_192);
    var closed = new CompletableFuture<ServerEvent.ConnectionClosed>();
    try (Server server =
            Server.builder()
                .listen(Listen.tcp("127.0.0.1", 0))
                .handler(connection -> framing.apply(connection).read())
                .observer(event -> {
                  if (event instanceof ServerEvent.ConnectionClosed e) {
                    closed.complete(e);
                  }
                })
                .start();
        Client client = Client.connect(server)) {
      byte[] endless = new byte[1_000];
      assertThrows(
          IOException.class,
          () -> {
            for (int i = 0; i < 100_000; i++) {
              client.socket().getOutputStream().write(endless);
            }
          });
      ServerEvent.ConnectionClosed event = closed.get(10, TimeUnit.SECONDS);
      assertEquals(CloseReason.Malformed.class, event.reason().getClass());
      // No more than the connection takes up at a time.
      assertTrue(event.received() <= 8_192 + 16_384, "received " + event.received());
    }
  }

  @ParameterizedTest
  @MethodSource("echoes")
  void comeBackAsTheyWereSent(Echo echo) throws Exception {
    Handler echoes =
        connection -> {
          Frames frames = echo.framing().apply(connection);
          for (byte[] message; (message = frames.read()) != null; ) {
            frames.write(message);
          }
        };
    byte[] sent = echo.stream();
    try (Server server = start(echoes);
        Client client = Client.connect(server)) {
      var sender =
          CompletableFuture.runAsync(() -> {
            try {
              sendInPieces(client, sent);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      assertArrayEquals(sent, client.socket().getInputStream().readAllBytes());
      sender.get();
    }
  }

  private static void sendInPieces(Client client, byte[] sent) throws IOException {
    var random = new Random(5);
    for (int done = 0; done < sent.length; ) {
      int n = Math.min(sent.length - done, 1 + random.nextInt(1 << random.nextInt(16)));
      client.socket().getOutputStream().write(sent, done, n);
      done += n;
    }
    client.finish();
  }

  /** Random messages of many sizes, written without the code under test. */
  private record Echo(String name, Function<Connection, Frames> framing, byte[] stream) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static List<Echo> echoes() {
    return List.of(
        echo("U8", c -> Frames.lengthPrefixed(c, LengthPrefix.U8, 255), 255, 1, true),
        echo(
            "U16",
            c -> Frames.lengthPrefixed(c, LengthPrefix.U16_BIG_ENDIAN, 70_000),
            65_535,
            2,
            true),
        echo(
            "U24",
            c -> Frames.lengthPrefixed(c, LengthPrefix.U24_LITTLE_ENDIAN, 300_000),
            300_000,
            3,
            false),
        echo(
            "U32",
            c -> Frames.lengthPrefixed(c, LengthPrefix.U32_LITTLE_ENDIAN, 1 << 20),
            1 << 20,
            4,
            false),
        echo(
            "VARINT",
            c -> Frames.lengthPrefixed(c, LengthPrefix.VARINT, 1 << 20),
            1 << 20,
            0,
            false),
        echo("delimited", c -> Frames.delimited(c, bytes("\r\n"), 1 << 20), 1 << 18, -1, false));
  }

  /** Builds the stream; the size of the prefix in bytes, 0 for a varint, -1 for CR LF behind. */
  private static Echo echo(
      String name,
      Function<Connection, Frames> framing,
      int longest,
      int prefix,
      boolean bigEndian) {
    var random = new Random(prefix);
    var stream = new ByteArrayOutputStream();
    int[] sizes = {0, 1, 127, 128, 129, longest, 16_383, 16_384, 16_385, 0, 3};
    for (int size : sizes) {
      byte[] message = new byte[Math.min(size, longest)];
      random.nextBytes(message);
      for (int i = 0; i < prefix; i++) {
        stream.write(message.length >> (8 * (bigEndian ? prefix - 1 - i : i)));
      }
      if (prefix == 0) {
        int rest = message.length;
        for (; rest > 127; rest /= 128) {
          stream.write(rest % 128 + 128);
        }
        stream.write(rest);
      }
      if (prefix < 0) {
        for (int i = 0; i < message.length; i++) {
          message[i] = message[i] == '\n' ? 0 : message[i];
        }
      }
      stream.writeBytes(message);
      if (prefix < 0) {
        stream.writeBytes(bytes("\r\n"));
      }
    }
    return new Echo(name, framing, stream.toByteArray());
  }

  // Writing

  @Test
  void haveTheirLengthInFront() throws Throwable {
    assertEquals("\3abc", written(prefixed(LengthPrefix.U8)));
    assertEquals("\0\3abc", written(prefixed(LengthPrefix.U16_BIG_ENDIAN)));
    assertEquals("\3\0abc", written(prefixed(LengthPrefix.U16_LITTLE_ENDIAN)));
    assertEquals("\0\0\3abc", written(prefixed(LengthPrefix.U24_BIG_ENDIAN)));
    assertEquals("\3\0\0abc", written(prefixed(LengthPrefix.U24_LITTLE_ENDIAN)));
    assertEquals("\0\0\0\3abc", written(prefixed(LengthPrefix.U32_BIG_ENDIAN)));
    assertEquals("\3\0\0\0abc", written(prefixed(LengthPrefix.U32_LITTLE_ENDIAN)));
    assertEquals("\3abc", written(prefixed(LengthPrefix.VARINT)));
  }

  private static ThrowingConsumer<Connection> prefixed(LengthPrefix prefix) {
    return connection -> Frames.lengthPrefixed(connection, prefix, 9).write(bytes("abc"));
  }

  @Test
  void haveTheirDelimiterBehind() throws Throwable {
    assertEquals(
        "abc\r\n\r\n",
        written(connection -> {
          byte[] delimiter = bytes("\r\n");
          Frames frames = Frames.delimited(connection, delimiter, 3);
          delimiter[0] = 'x';
          frames.write(bytes("abc"));
          frames.write(bytes(""));
        }));
  }

  @Test
  void ofOneSizeHaveNothingButTheirBytes() throws Throwable {
    assertEquals("abc", written(connection -> Frames.fixed(connection, 3).write(bytes("abc"))));
  }

  @ParameterizedTest
  @EnumSource
  void areNotWrittenIfTheyAreLongerThanTheLimit(LengthPrefix prefix) throws Throwable {
    assertEquals(
        "a message of 4 bytes is longer than the limit of 3",
        refusal(c -> Frames.lengthPrefixed(c, prefix, 3).write(new byte[4])));
  }

  @Test
  void areNotWrittenIfTheirLengthDoesNotFitItsPrefix() throws Throwable {
    assertEquals(
        "a message of 256 bytes is longer than the limit of 255",
        refusal(c -> Frames.lengthPrefixed(c, LengthPrefix.U8, 1_000).write(new byte[256])));
    assertEquals(
        "a message of 65536 bytes is longer than the limit of 65535",
        refusal(c ->
            Frames.lengthPrefixed(c, LengthPrefix.U16_LITTLE_ENDIAN, 99_999)
                .write(new byte[65_536])));
    assertEquals(
        "a message of 16777216 bytes is longer than the limit of 16777215",
        refusal(c ->
            Frames.lengthPrefixed(c, LengthPrefix.U24_BIG_ENDIAN, Integer.MAX_VALUE)
                .write(new byte[1 << 24])));
  }

  @Test
  void areNotWrittenIfTheyHaveAnotherSize() throws Throwable {
    assertEquals(
        "a message of 2 bytes, where each has 3",
        refusal(connection -> Frames.fixed(connection, 3).write(new byte[2])));
  }

  @Test
  void areNotWrittenIfTheDelimiterWouldEndThemEarly() throws Throwable {
    assertEquals(
        "a message of 4 bytes is longer than the limit of 3",
        refusal(connection -> Frames.delimited(connection, bytes("\n"), 3).write(new byte[4])));
    assertEquals(
        "the delimiter would end the message at 1 of 3 bytes",
        refusal(connection -> Frames.delimited(connection, bytes("\n"), 3).write(bytes("a\nb"))));
    // The end of the message and the delimiter make a delimiter together.
    assertEquals(
        "the delimiter would end the message at 0 of 2 bytes",
        refusal(connection -> Frames.delimited(connection, bytes("abab"), 9).write(bytes("ab"))));
  }

  @Test
  void needALimitASizeAndADelimiter() throws Throwable {
    assertEquals(
        "maxBytes must be at least 1: 0",
        refusal(connection -> Frames.lengthPrefixed(connection, LengthPrefix.U8, 0)));
    assertEquals(
        "maxBytes must be at least 1: -1",
        refusal(connection -> Frames.delimited(connection, bytes("\n"), -1)));
    assertEquals("size must be at least 1: 0", refusal(c -> Frames.fixed(c, 0)));
    assertEquals(
        "delimiter must have at least one byte",
        refusal(connection -> Frames.delimited(connection, bytes(""), 1)));
  }
}
