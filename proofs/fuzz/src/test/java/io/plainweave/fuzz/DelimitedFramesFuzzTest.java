package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.framing.Frames;
import io.plainweave.framing.TooLong;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.FrameOutcomes;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Messages up to a delimiter")
@ExtendWith(Leftovers.class)
class DelimitedFramesFuzzTest {
  @FuzzTest
  void areReadAsTheyAreWritten(byte[] data) {
    var input = new Input(data);
    byte[] delimiter =
        input.oneOf(
            new byte[] {'\n'},
            new byte[] {'\r', '\n'},
            new byte[] {'a', 'b', 'a'}, // overlaps itself
            new byte[] {0, 0},
            "--end--".getBytes(StandardCharsets.US_ASCII));
    int maxBytes = input.oneOf(16, 1, 200, 70_000);
    TooLong tooLong = input.oneOf(TooLong.values());
    var messages =
        FrameOutcomes.of(
            input,
            tooLong != TooLong.CUT, // what is left of one may begin as the delimiter does
            duplex -> Frames.delimited(duplex, delimiter, maxBytes).tooLong(tooLong));
    for (byte[] message : messages) {
      Finding.unless(message.length <= maxBytes, "a message is longer than " + maxBytes);
    }
  }
}
