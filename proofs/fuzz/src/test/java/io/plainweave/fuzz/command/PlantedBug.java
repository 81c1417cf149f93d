package io.plainweave.fuzz.command;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.plainweave.fuzz.support.Finding;
import java.nio.charset.StandardCharsets;

/**
 * What the fuzzer has to find before it is believed that it finds anything: eight bytes, which
 * chance alone would not hit in a lifetime, and to which coverage leads byte by byte. It is no
 * test, and has no inputs that are kept.
 */
final class PlantedBug {
  @FuzzTest
  void isFound(byte[] data) {
    if (data.length > 7 && data[0] == 'F' && data[1] == 'U') {
      if (data[2] == 'Z' && data[3] == 'Z') {
        String rest = new String(data, 4, 4, StandardCharsets.ISO_8859_1);
        if (rest.equals("me!!")) {
          throw new Finding("the planted bug");
        }
      }
    }
  }
}
