package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.MalformedMessageException;
import io.plainweave.framing.Utf8Decoder;
import io.plainweave.fuzz.support.Allocation;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import io.plainweave.fuzz.support.Outcome;
import io.plainweave.fuzz.support.Pieces;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("UTF-8 in pieces")
@ExtendWith(Leftovers.class)
class Utf8DecoderFuzzTest {
  @FuzzTest
  void isWhatTheJdkMakesOfTheWhole(byte[] data) {
    var input = new Input(data);
    for (Pieces split : input.splits()) {
      long most = 128 * 1024 + 512L * split.bytes().length;
      var text = new StringBuilder();
      Outcome decoded =
          Allocation.atMost(
              most,
              () -> {
                text.setLength(0);
                return Outcome.of(_ -> decode(split, text), MalformedMessageException.class);
              });
      try {
        String right =
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(split.bytes())).toString();
        Finding.unless(
            decoded.isInOrder() && right.contentEquals(text), "the JDK reads another text");
      } catch (CharacterCodingException e) {
        Finding.unless(!decoded.isInOrder(), "the JDK reads no text");
      }
    }
  }

  private static void decode(Pieces split, StringBuilder text) throws MalformedMessageException {
    var decoder = new Utf8Decoder();
    var in = split.input();
    var piece = new byte[split.bytes().length + 1];
    for (int n; (n = in.read(piece, 0, piece.length)) >= 0; ) {
      text.append(decoder.decode(piece, 0, n));
    }
    decoder.end();
  }
}
