package io.plainweave.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Text that others have chosen")
class OneLineTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "plain", "żółw ✓ 𝄞", "C:\\new", "a\u00a0b", "\ufffd", "\ue000"})
  void staysAsItIsWhereAllOfItIsSeen(String text) {
    assertSame(text, OneLine.of(text));
  }

  @ParameterizedTest
  @ValueSource(
      chars = {
        0, 7, '\b', 0x0b, '\f', 0x1b, 0x7f, 0x80, 0x85, 0x9b, 0xad, 0x61c, 0x200b, 0x200e, 0x2028,
        0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xd800, 0xdfff, 0xfeff
      })
  void hasAnEscapeWhereItIsNot(char unseen) {
    assertEquals(String.format("𝄞a\\u%04xb", (int) unseen), OneLine.of("𝄞a" + unseen + "b"));
  }

  @Test
  void hasTheShortEscapesOfJava() {
    assertEquals("\\r\\n\\tx\\n", OneLine.of("\r\n\tx\n"));
    assertEquals("\\udb40\\udc01", OneLine.of("\udb40\udc01"));
  }

  @Test
  void isTheSameShownTwice() {
    String shown = OneLine.of("a\nb\u202e\\");
    assertSame(shown, OneLine.of(shown));
  }
}
