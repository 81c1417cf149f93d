package io.plainweave.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The table of sockets")
@Timeout(10)
class SocketTableTest {
  @Test
  void readsSocketsThatListen() {
    assertEquals(
        new SocketTable.Entry("00000000:07E8", 3, 1145),
        SocketTable.parse(
            "   0: 00000000:07E8 00000000:0000 0A 00000000:00000003 00:00000000 00000000"
                + "     0        0 1145 1 00000000b8dba1d8 100 0 0 10 0   "));
    assertEquals(
        new SocketTable.Entry("0000000000000000FFFF00000100007F:B2ED", 4097, 39209029),
        SocketTable.parse(
            "  10: 0000000000000000FFFF00000100007F:B2ED 00000000000000000000000000000000:0000 0A"
                + " 00000000:00001001 00:00000000 00000000     0        0 39209029 1 0 100 0 0 10 0"));
    assertNull(
        SocketTable.parse(
            "   1: 0100007F:B2ED 0100007F:E7C4 01 00000000:00000000 00:00000000 00000000"
                + "     0        0 39209048 1 000000009245b033 20 4 31 11 -1"));
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, 00000000:07E8",
    "127.0.0.1, 0100007F:07E8",
    "::, 00000000000000000000000000000000:07E8",
    "2001:db8::1, B80D0120000000000000000001000000:07E8"
  })
  void callsAnAddressAsTheKernelDoes(String address, String notation) {
    assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN);
    assertEquals(notation, KernelNotation.of(new InetSocketAddress(address, 2024)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sl local_address rem_address",
        "0: 00000000:07E8 00000000:0000 0A 00000000:00000003",
        "0: 00000000:07E8 00000000:0000 0A 00000000:FFFFFFFF 0:0 0 0 0 1145",
        "0: 00000000:07E8 00000000:0000 0A 00000000:00000000 0:0 0 0 0 x"
      })
  void readsNoOtherLine(String line) {
    assertNull(SocketTable.parse(line));
  }
}
