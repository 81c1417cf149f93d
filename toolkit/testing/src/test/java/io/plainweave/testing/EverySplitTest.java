package io.plainweave.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.Connection;
import io.plainweave.MalformedMessageException;
import io.plainweave.framing.Lines;
import io.plainweave.framing.MessageReader;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Every split")
class EverySplitTest {
  /** A length of two bytes, and as many bytes of text. */
  private record Texts(Connection connection, int longest) {
    String read() throws IOException {
      if (!connection.awaitMessage()) {
        return null;
      }
      MessageReader reader = MessageReader.of(connection);
      byte[] header = reader.readBytes(2);
      int length = (header[0] & 0xff) << 8 | header[1] & 0xff;
      if (length > longest) {
        throw new MalformedMessageException("too long: " + length);
      }
      String text = new String(reader.readBytes(length));
      connection.endMessage();
      return text;
    }
  }

  private static EverySplit<String> texts(int longest) {
    return EverySplit.of(connection -> new Texts(connection, longest)::read);
  }

  @Test
  void findsNoFaultWithADecoderThatWaitsForItsBytes() throws Exception {
    texts(1_000)
        .message("\0\5hello", "hello")
        .message("\0\0", "")
        .message("\0\7goodbye", "goodbye")
        .malformed(new byte[] {-1, -1})
        .giant(new byte[] {-1, -1})
        .verify();
    EverySplit.of(connection -> Lines.crlf(connection, 100)::read)
        .message("one\r\n", "one")
        .message("two\r\n", "two")
        .verify();
  }

  @Test
  void findsADecoderThatTakesWhatAReadBringsForTheWhole() {
    var failure =
        assertThrows(
            AssertionError.class,
            () ->
                EverySplit.<String>of(connection ->
                        () -> {
                          byte[] bytes = new byte[5];
                          int n = connection.input().read(bytes);
                          return n < 0 ? null : new String(bytes, 0, n);
                        })
                    .message("hello", "hello")
                    .verify());
    assertTrue(
        failure.getMessage().startsWith("of \"hello\" cut at [1, 2, 3, 4] are expected: [hello]"),
        failure.getMessage());
  }

  @Test
  void findsADecoderThatTakesATruncatedMessageForTheEnd() {
    var failure =
        assertThrows(
            AssertionError.class,
            () ->
                EverySplit.<String>of(connection ->
                        () -> {
                          byte[] bytes = connection.input().readNBytes(5);
                          return bytes.length < 5 ? null : new String(bytes);
                        })
                    .message("hello", "hello")
                    .verify());
    assertTrue(
        failure
            .getMessage()
            .startsWith("of \"h\" in one piece are expected: [] and a TruncatedMessageException"),
        failure.getMessage());
  }

  @Test
  void findsADecoderThatBelievesALength() {
    var failure =
        assertThrows(
            AssertionError.class,
            () ->
                EverySplit.<byte[]>of(connection ->
                        () -> {
                          if (!connection.awaitMessage()) {
                            return null;
                          }
                          byte[] bytes = new byte[64 << 20];
                          throw new MalformedMessageException("cut " + Arrays.hashCode(bytes));
                        })
                    .giant(new byte[] {127, -1, -1, -1})
                    .verify());
    assertTrue(failure.getMessage().endsWith("bytes were allocated"), failure.getMessage());
  }
}
