package io.plainweave.framing;

import static io.plainweave.framing.Corpus.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.CloseReason;
import io.plainweave.Connection;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Outcome;
import io.plainweave.framing.ReadingServer.Source;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("A change of framing")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ChangeOfFramingTest {
  private static final byte[] SENT = bytes("go\r\n" + "\0\3a\nb" + "li\nes\n" + "x|" + "rawbytes");

  /** Two lines, a frame behind its length, a line, a frame up to a bar, and the rest as it is. */
  private static Source inTurn(Connection connection) {
    return new Source() {
      private final Lines lines = Lines.of(connection, 100);
      private final Frames counted =
          Frames.lengthPrefixed(connection, LengthPrefix.U16_BIG_ENDIAN, 100);
      private int turn;

      @Override
      public String read() throws IOException {
        return switch (turn++) {
          case 0, 2, 3 -> lines.read();
          case 1 -> text(counted.read());
          case 4 -> text(Frames.delimited(connection, bytes("|"), 100).read());
          case 5 -> text(connection.input().readNBytes(3));
          case 6 -> text(Frames.fixed(connection, 5).read());
          default -> lines.read();
        };
      }
    };
  }

  private static String text(byte[] bytes) {
    return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  @Test
  void losesNoByteWhereverTheInputIsSplit() throws Exception {
    var outcome =
        new Outcome(
            List.of("go", "a\nb", "li", "es", "x", "raw", "bytes"), CloseReason.Finished.class);
    try (var server = new ReadingServer(ChangeOfFramingTest::inTurn)) {
      for (int i = 0; i < SENT.length; i++) {
        byte[] head = Arrays.copyOf(SENT, i);
        byte[] tail = Arrays.copyOfRange(SENT, i, SENT.length);
        assertEquals(outcome, server.deliver(head, tail), "split at " + i);
      }
    }
  }
}
