package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.framing.Frames;
import io.plainweave.framing.LengthPrefix;
import io.plainweave.framing.TooLong;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.FrameOutcomes;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Messages behind their length")
@ExtendWith(Leftovers.class)
class LengthPrefixedFramesFuzzTest {
  @FuzzTest
  void areReadAsTheyAreWritten(byte[] data) {
    var input = new Input(data);
    LengthPrefix prefix = input.oneOf(LengthPrefix.values());
    int maxBytes = input.oneOf(16, 1, 300, 10_000_000);
    TooLong tooLong = input.oneOf(TooLong.values());
    var messages =
        FrameOutcomes.of(
            input,
            true,
            duplex -> Frames.lengthPrefixed(duplex, prefix, maxBytes).tooLong(tooLong));
    for (byte[] message : messages) {
      Finding.unless(message.length <= maxBytes, "a message is longer than " + maxBytes);
    }
  }
}
