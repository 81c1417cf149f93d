package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.CloseReason;
import io.plainweave.Handler;
import io.plainweave.Listen;
import io.plainweave.MalformedMessageException;
import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Outcome;
import io.plainweave.server.Server;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Lines")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class LinesTest {
  private static Outcome read(int maxBytes, byte[] sent) throws Exception {
    try (var server = new ReadingServer(connection -> Lines.of(connection, maxBytes)::read)) {
      return server.deliver(sent);
    }
  }

  private static Outcome read(int maxBytes, String sent) throws Exception {
    return read(maxBytes, sent.getBytes(UTF_8));
  }

  private static Outcome finished(String... lines) {
    return new Outcome(List.of(lines), CloseReason.Finished.class);
  }

  private static Outcome refused(String... lines) {
    return new Outcome(List.of(lines), CloseReason.Malformed.class);
  }

  @Test
  void endAtALineFeedWithOrWithoutACarriageReturn() throws Exception {
    assertEquals(finished("a", "b", "", "", "c"), read(9, "a\nb\r\n\n\r\nc\n"));
  }

  @Test
  void keepEveryCarriageReturnButTheLastBeforeTheLineFeed() throws Exception {
    assertEquals(finished("\ra\rb\r"), read(9, "\ra\rb\r\r\n"));
  }

  @Test
  void includeWhatComesAfterTheLastLineFeed() throws Exception {
    assertEquals(finished("a", "b"), read(9, "a\nb"));
    assertEquals(finished("a", "b"), read(9, "a\nb\r"));
    assertEquals(finished(""), read(9, "\r"));
  }

  @Test
  void areNoneWhereNothingComes() throws Exception {
    assertEquals(finished(), read(9, ""));
  }

  @Test
  void areTextInUtf8() throws Exception {
    assertEquals(finished("żółw ✓ 𝄞", "\uFFFD"), read(40, "żółw ✓ 𝄞\n\uFFFD\n"));
  }

  @Test
  void thatAreNotUtf8AreRefused() throws Exception {
    assertEquals(refused("good"), read(9, "good\nd\u00e9j\u00e0\n".getBytes(ISO_8859_1)));
  }

  @Test
  void mayBeAsLongAsTheLimitInBytes() throws Exception {
    assertEquals(finished("12345", "żó!"), read(5, "12345\r\nżó!\n"));
    assertEquals(finished("12345"), read(5, "12345"));
    assertEquals(refused("ok"), read(5, "ok\n123456\n"));
    assertEquals(refused(), read(5, "12345\r6\n"));
    assertEquals(refused(), read(5, "12345\r\r\n"));
    assertEquals(refused(), read(5, "żółw\n"));
    assertEquals(refused(), read(1, "12"));
  }

  @Test
  void canBeReadOnAfterOneThatIsNotUtf8() throws Exception {
    var next = new CompletableFuture<String>();
    Handler forgives =
        connection -> {
          Lines lines = Lines.of(connection, 100);
          assertThrows(MalformedMessageException.class, lines::read);
          next.complete(lines.read());
        };
    try (Server server = start(forgives);
        Client client = Client.connect(server)) {
      client.socket().getOutputStream().write(new byte[] {(byte) 0xC3, '\n', 'o', 'k', '\n'});
      assertEquals("ok", next.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void areWrittenWithALineFeedAndSentAtTheNextRead() throws Exception {
    Handler greets =
        connection -> {
          Lines lines = Lines.of(connection, 5);
          lines.write("longer than what is read: ✓");
          lines.write("");
          lines.write("hello " + lines.read());
        };
    try (Server server = start(greets);
        Client client = Client.connect(server)) {
      byte[] greeting = "longer than what is read: ✓\n\n".getBytes(UTF_8);
      assertEquals(
          new String(greeting, UTF_8),
          new String(client.socket().getInputStream().readNBytes(greeting.length), UTF_8));
      client.send("you\n");
      assertEquals("hello you\n", client.receiveAll());
    }
  }

  @Test
  void areNotWrittenIfTheyWouldBeTwo() throws Exception {
    Handler careless =
        connection -> {
          Lines lines = Lines.of(connection, 100);
          assertThrows(IllegalArgumentException.class, () -> lines.write("a\nb"));
          lines.write("c");
        };
    try (Server server = start(careless);
        Client client = Client.connect(server)) {
      assertEquals("c\n", client.receiveAll());
    }
  }

  @Test
  void needALimit() throws Exception {
    var failure = new CompletableFuture<Exception>();
    Handler unlimited =
        connection ->
            failure.complete(
                assertThrows(IllegalArgumentException.class, () -> Lines.of(connection, 0)));
    try (Server server = start(unlimited);
        Client _ = Client.connect(server)) {
      assertEquals(
          "maxBytes must be at least 1: 0", failure.get(10, TimeUnit.SECONDS).getMessage());
    }
  }

  private static Server start(Handler handler) throws Exception {
    return Server.builder().listen(Listen.tcp("127.0.0.1", 0)).handler(handler).start();
  }
}
