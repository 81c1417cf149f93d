package io.plainweave.framing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.plainweave.Duplex;
import io.plainweave.MalformedMessageException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Lines in a charset of their own")
class LinesCharsetTest {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  private Duplex of(byte[] received) {
    return Duplex.of(new ByteArrayInputStream(received), written);
  }

  @Test
  void areReadAndWrittenInIt() throws Exception {
    byte[] received = "gr\u00fc\u00df Gott\r\n".getBytes(ISO_8859_1);
    Duplex duplex = of(received);
    // @start region="charset"
    Lines lines = Lines.crlf(duplex, 1_000).charset(ISO_8859_1);
    String line = lines.read();
    lines.write(line);
    // @end
    assertEquals("gr\u00fc\u00df Gott", line);
    duplex.close();
    assertArrayEquals(received, written.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Shift_JIS", "GB18030", "windows-1252", "ISO-2022-JP", "UTF-8"})
  void areThoseOfEachCharsetWhoseLinesEndAsInAscii(String name) throws Exception {
    Charset charset = Charset.forName(name);
    String text =
        charset.newEncoder().canEncode('\u8868')
            ? "\u8868 text"
            : "\u00fc text"; // 0x95 0x5c in Shift_JIS
    Lines lines = Lines.of(of((text + "\nnext\n").getBytes(charset)), 100).charset(charset);
    assertEquals(text, lines.read());
    assertEquals("next", lines.read());
  }

  @Test
  void areNotInUtf16() {
    Lines lines = Lines.of(of(new byte[0]), 100);
    var refused = assertThrows(IllegalArgumentException.class, () -> lines.charset(UTF_16));
    assertEquals(
        "the end of a line must be the same bytes as in ASCII: UTF-16", refused.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> lines.charset(Charset.forName("IBM500"))); // EBCDIC
  }

  @Test
  void haveNoBytesThatAreNoneOfIt() throws Exception {
    Lines lines = Lines.of(of("\u00fc\nfine\n".getBytes(UTF_8)), 100).charset(US_ASCII);
    var malformed = assertThrows(MalformedMessageException.class, lines::read);
    assertEquals("a line is not US-ASCII: \ufffd\ufffd", malformed.getMessage());
    assertEquals("fine", lines.read());
  }

  @Test
  void areNotWrittenWithQuestionMarks() throws Exception {
    Lines lines = Lines.of(of(new byte[0]), 100).charset(ISO_8859_1);
    var refused = assertThrows(IllegalArgumentException.class, () -> lines.write("1 \u20ac"));
    assertEquals("a line must only have characters of ISO-8859-1: 1 \u20ac", refused.getMessage());
    assertEquals(0, written.size());
  }
}
