package io.plainweave.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The kernel's table of Unix-domain sockets")
@Timeout(30)
class UnixSocketsTest {
  @Test
  void isReadLineByLine() {
    assertEquals(
        new UnixSockets.Entry("/run/a log", false),
        UnixSockets.parse("0000000000000000: 00000002 00000000 00000000 0002 01 20461 /run/a log"));
    assertEquals(
        new UnixSockets.Entry("/run/app.sock", true),
        UnixSockets.parse(
            "0000000000000000: 00000002 00000000 00010000 0001 01 20462 /run/app.sock"));
    assertNull(UnixSockets.parse("0000000000000000: 00000002 00000000 00000000 0002 01 20463"));
  }
}
