package io.plainweave.framing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.Client;
import io.plainweave.fixture.ResourceGuard;
import io.plainweave.framing.SmallHeapServer.Framing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A process that runs out of memory ends at once, and the test fails. */
@DisplayName("A server with a heap of 64 MB")
@ExtendWith(ResourceGuard.class)
@Timeout(60)
class SmallHeapTest {
  private static Client connect(SmallHeapServer server, Framing framing) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), server.port(framing));
    socket.setSoTimeout(10_000);
    return new Client(socket);
  }

  /** Every framing serves a small message, and those with a large limit one of that size. */
  private static void assertServes(SmallHeapServer server) throws IOException {
    assertReply(server, Framing.LINES, "6f6b0a", 0);
    assertReply(server, Framing.DELIMITED, "6f6b00", 0);
    assertReply(server, Framing.FIXED, "", SmallHeapServer.LARGE);
    assertReply(server, Framing.U24, "0000026f6b", 0);
    assertReply(server, Framing.U32, "00800000", SmallHeapServer.LARGE);
    assertReply(server, Framing.U32_LITTLE, "00008000", SmallHeapServer.LARGE);
    assertReply(server, Framing.VARINT, "80808004", SmallHeapServer.LARGE);
  }

  private static void assertReply(SmallHeapServer server, Framing framing, String head, int body)
      throws IOException {
    var message = new ByteArrayOutputStream();
    message.writeBytes(HexFormat.of().parseHex(head));
    message.writeBytes(new byte[body]);
    try (Client client = connect(server, framing)) {
      message.writeTo(client.socket().getOutputStream());
      assertEquals(".", client.receive(1), framing.name());
    }
  }

  private static void assertRefused(SmallHeapServer server, Framing framing, String head)
      throws IOException {
    try (Client client = connect(server, framing)) {
      client.socket().getOutputStream().write(HexFormat.of().parseHex(head));
      assertTrue(client.seesReset(), framing + " " + head);
    }
  }

  @Test
  void refusesLengthsThatNoMemoryCouldHold() throws Exception {
    try (var server = new SmallHeapServer()) {
      assertRefused(server, Framing.U24, "ffffff");
      assertRefused(server, Framing.U24, "800001");
      for (Framing u32 : new Framing[] {Framing.U32, Framing.U32_LITTLE}) {
        assertRefused(server, u32, "7fffffff");
        assertRefused(server, u32, "ffffff7f");
        assertRefused(server, u32, "ffffffff");
      }
      assertRefused(server, Framing.U32, "80000000");
      assertRefused(server, Framing.U32, "00800001");
      assertRefused(server, Framing.VARINT, "ffffffff07");
      assertRefused(server, Framing.VARINT, "ffffffff0f");
      assertRefused(server, Framing.VARINT, "ffffffffff");
      assertRefused(server, Framing.VARINT, "81808004");
      assertServes(server);
      assertEquals(0, server.end());
    }
  }

  @Test
  @Tag("slow")
  void refusesLinesThatDoNotEnd() throws Exception {
    byte[] endless = new byte[1 << 20];
    Arrays.fill(endless, (byte) 'x');
    try (var server = new SmallHeapServer()) {
      for (Framing framing : new Framing[] {Framing.LINES, Framing.DELIMITED}) {
        try (Client client = connect(server, framing)) {
          assertThrows(
              IOException.class,
              () -> {
                for (int i = 0; i < 100; i++) {
                  client.socket().getOutputStream().write(endless);
                }
              });
        }
      }
      assertServes(server);
      assertEquals(0, server.end());
    }
  }

  @Test
  @Tag("slow")
  void servesOthersWhileAThousandClaimToSendAsMuchAsTheyMay() throws Exception {
    List<Client> claiming = new ArrayList<>();
    try (var server = new SmallHeapServer()) {
      try {
        for (int i = 0; i < 250; i++) {
          // Each claims 8 MiB and sends one byte of them.
          claiming.add(claim(server, Framing.FIXED, "00"));
          claiming.add(claim(server, Framing.U32, "0080000000"));
          claiming.add(claim(server, Framing.U32_LITTLE, "0000800000"));
          claiming.add(claim(server, Framing.VARINT, "8080800400"));
        }
        assertServes(server);
      } finally {
        for (Client client : claiming) {
          client.close();
        }
      }
      assertServes(server);
      assertEquals(0, server.end());
    }
  }

  private static Client claim(SmallHeapServer server, Framing framing, String bytes)
      throws IOException {
    Client client = connect(server, framing);
    client.socket().getOutputStream().write(HexFormat.of().parseHex(bytes));
    return client;
  }
}
