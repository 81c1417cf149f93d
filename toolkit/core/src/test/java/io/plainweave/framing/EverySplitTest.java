package io.plainweave.framing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.CloseReason;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.ReadingServer.Outcome;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each piece is sent when the server has received the one before. */
@DisplayName("A message reader")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class EverySplitTest {
  @ParameterizedTest
  @MethodSource({"io.plainweave.framing.Corpus#good", "io.plainweave.framing.Corpus#bad"})
  void readsTheSameWhereverItsInputIsSplit(Corpus corpus) throws Exception {
    byte[] sent = corpus.bytes();
    try (var server = new ReadingServer(corpus.framing())) {
      assertEquals(corpus.outcome(), server.deliver(sent), "in one piece");
      for (int i = 1; i < sent.length; i++) {
        byte[] head = Arrays.copyOf(sent, i);
        byte[] tail = Arrays.copyOfRange(sent, i, sent.length);
        assertEquals(corpus.outcome(), server.deliver(head, tail), "split at " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource({"io.plainweave.framing.Corpus#good", "io.plainweave.framing.Corpus#bad"})
  void readsTheSameWhereEveryByteComesAlone(Corpus corpus) throws Exception {
    byte[] sent = corpus.bytes();
    byte[][] pieces = new byte[sent.length][];
    for (int i = 0; i < sent.length; i++) {
      pieces[i] = new byte[] {sent[i]};
    }
    try (var server = new ReadingServer(corpus.framing())) {
      assertEquals(corpus.outcome(), server.deliver(pieces));
    }
  }

  @ParameterizedTest
  @MethodSource("io.plainweave.framing.Corpus#good")
  void tellsAnEndBetweenMessagesFromOneInsideAMessage(Corpus corpus) throws Exception {
    byte[] sent = corpus.bytes();
    try (var server = new ReadingServer(corpus.framing())) {
      int length = 0;
      for (int whole = 0; whole < corpus.messages().size(); whole++) {
        List<String> before = corpus.outcome().messages().subList(0, whole);
        assertEquals(
            new Outcome(before, CloseReason.Finished.class),
            server.deliver(Arrays.copyOf(sent, length)),
            "finished after " + length);
        int end = length + corpus.messages().get(whole).length();
        while (++length < end) {
          Outcome cut = server.deliver(Arrays.copyOf(sent, length));
          // Lines take what comes before the end for a line: LinesTest.
          if (!corpus.name().equals("lines")) {
            assertEquals(
                new Outcome(before, CloseReason.Truncated.class), cut, "finished after " + length);
          }
        }
      }
    }
  }
}
