package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.framing.Frames;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.FrameOutcomes;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("Messages of one size")
@ExtendWith(Leftovers.class)
class FixedFramesFuzzTest {
  @FuzzTest
  void areReadAsTheyAreWritten(byte[] data) {
    var input = new Input(data);
    int size = input.oneOf(1, 3, 64, 100_000);
    for (byte[] message : FrameOutcomes.of(input, true, duplex -> Frames.fixed(duplex, size))) {
      Finding.unless(message.length == size, "a message has not " + size + " bytes");
    }
  }
}
