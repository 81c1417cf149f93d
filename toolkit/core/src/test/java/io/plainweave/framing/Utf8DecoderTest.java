package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.MalformedMessageException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Text in UTF-8 that comes in pieces")
class Utf8DecoderTest {
  private static final String TEXT = "a\u00fc\u20ac\ud83d\ude00z"; // 1 to 4 bytes each

  private final Utf8Decoder decoder = new Utf8Decoder();

  // @start region="fragments"
  /** The text of a message whose fragments are split anywhere. */
  private static String text(List<byte[]> fragments) throws MalformedMessageException {
    var decoder = new Utf8Decoder();
    var text = new StringBuilder();
    for (byte[] fragment : fragments) {
      text.append(decoder.decode(fragment)); // fails with the first fragment that is no text
    }
    decoder.end();
    return text.toString();
  }

  // @end

  @Test
  void isTheSameWhereverItIsSplit() throws Exception {
    byte[] bytes = TEXT.getBytes(UTF_8);
    for (int i = 0; i <= bytes.length; i++) {
      for (int j = i; j <= bytes.length; j++) {
        assertEquals(
            TEXT,
            text(
                List.of(
                    Arrays.copyOf(bytes, i),
                    Arrays.copyOfRange(bytes, i, j),
                    Arrays.copyOfRange(bytes, j, bytes.length))));
      }
    }
  }

  @Test
  void givesWhatIsCompleteAtOnce() throws Exception {
    byte[] euro = "\u20ac".getBytes(UTF_8);
    assertEquals("", decoder.decode(euro, 0, 1));
    assertEquals("", decoder.decode(euro, 1, 1));
    assertEquals("\u20ac", decoder.decode(euro, 2, 1));
    decoder.end();
  }

  /**
   * Of RFC 3629, section 3: too long a form, surrogates, beyond U+10FFFF, and what stands alone.
   */
  @ParameterizedTest
  @ValueSource(strings = {"80", "c0", "e080", "eda080", "f490", "f5", "ff", "c341", "e2ac41"})
  void failsAsSoonAsItCannotBecomeText(String hex) throws Exception {
    byte[] bytes = HexFormat.of().parseHex(hex);
    for (int i = 0; i < bytes.length - 1; i++) {
      assertEquals("", decoder.decode(bytes, i, 1).replace("a", ""));
    }
    assertThrows(MalformedMessageException.class, () -> decoder.decode(bytes, bytes.length - 1, 1));
    assertEquals("fine", decoder.decode("fine".getBytes(UTF_8)));
    decoder.end();
  }

  @Test
  void doesNotEndWithinACharacter() throws Exception {
    decoder.decode(new byte[] {'a', (byte) 0xe2});
    assertThrows(MalformedMessageException.class, decoder::end);
    decoder.end();
    assertEquals("b", decoder.decode(new byte[] {'b'}));
  }

  @Test
  void isWhatTheJdkTakesForText() {
    var random = new Random(3629);
    for (int i = 0; i < 200_000; i++) {
      byte[] bytes = new byte[random.nextInt(1, 9)];
      random.nextBytes(bytes);
      for (int b = 0; b < bytes.length; b++) {
        bytes[b] = random.nextBoolean() ? bytes[b] : (byte) (bytes[b] | 0x80);
      }
      int split = random.nextInt(bytes.length);
      boolean isText = isText(bytes);
      boolean taken = isTaken(bytes, split);
      assertEquals(isText, taken, () -> HexFormat.of().formatHex(bytes) + " at " + split);
    }
  }

  private static boolean isText(byte[] bytes) {
    return Arrays.equals(new String(bytes, UTF_8).getBytes(UTF_8), bytes);
  }

  private static boolean isTaken(byte[] bytes, int split) {
    try {
      text(List.of(Arrays.copyOf(bytes, split), Arrays.copyOfRange(bytes, split, bytes.length)));
      return true;
    } catch (MalformedMessageException e) {
      return false;
    }
  }
}
