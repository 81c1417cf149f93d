package io.plainweave.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.framing.Frames;
import io.plainweave.framing.TooLong;
import io.plainweave.fuzz.support.Finding;
import io.plainweave.fuzz.support.FrameOutcomes;
import io.plainweave.fuzz.support.Input;
import io.plainweave.fuzz.support.Leftovers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
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
    List<String> read = messages.stream().map(HexFormat.of()::formatHex).toList();
    List<String> simply = simply(input.bytes(), delimiter, maxBytes, tooLong);
    Finding.unless(read.equals(simply), "there are other messages:\n" + read + "\n" + simply);
  }

  /** The same, of bytes that are all there. */
  private static List<String> simply(
      byte[] bytes, byte[] delimiter, int maxBytes, TooLong tooLong) {
    List<String> messages = new ArrayList<>();
    int begin = 0;
    for (int at = 0; at + delimiter.length <= bytes.length; at++) {
      if (Arrays.equals(bytes, at, at + delimiter.length, delimiter, 0, delimiter.length)) {
        boolean isLonger = at - begin > maxBytes;
        if (isLonger && tooLong == TooLong.FAIL) {
          break;
        }
        if (!isLonger || tooLong == TooLong.CUT) {
          int size = Math.min(at - begin, maxBytes);
          messages.add(HexFormat.of().formatHex(bytes, begin, begin + size));
        }
        begin = at + delimiter.length;
        at = begin - 1;
      }
    }
    return messages;
  }
}
