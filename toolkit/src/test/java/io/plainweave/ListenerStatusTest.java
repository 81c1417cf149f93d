package io.plainweave;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The state of a listener")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class ListenerStatusTest {
  private static final Path LONGEST = Path.of("/proc/sys/net/core/somaxconn");

  @Test
  void saysHowManyMayWaitAndHowManyDo(@TempDir Path folder) throws Exception {
    assumeTrue(Files.isReadable(LONGEST), "this is not Linux");
    int longest = Math.min(65_535, Integer.parseInt(Files.readString(LONGEST).strip()));
    try (Server server =
        Server.builder()
            .listen(Listen.tcp("127.0.0.1", 0))
            .listen(Listen.unix(folder.resolve("s")))
            .handler(connection -> connection.input().transferTo(connection.output()))
            .start()) {
      ListenerStatus idle = server.listeners().getFirst();
      assertEquals(server.addresses().getFirst(), idle.address());
      assertEquals(OptionalInt.of(longest), idle.backlog());
      assertEquals(OptionalInt.of(0), idle.waiting());
      ListenerStatus unix = server.listeners().getLast();
      assertEquals(OptionalInt.of(longest), unix.backlog());
      assertEquals(OptionalInt.empty(), unix.waiting());
      server.suspend();
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        clients.add(Client.connect(server));
      }
      // The acceptor has one of them in its hands.
      await()
          .untilAsserted(
              () -> assertEquals(OptionalInt.of(3), server.listeners().getFirst().waiting()));
      server.resume();
      for (Client client : clients) {
        client.exchange("hello");
        client.close();
      }
      assertEquals(OptionalInt.of(0), server.listeners().getFirst().waiting());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "0.0.0.0", "127.0.0.1", "::1"})
  void isThatOfItsOwnSocketThoughOthersListenThere(String host) throws Exception {
    assumeTrue(Files.isReadable(LONGEST), "this is not Linux");
    Listen.Tcp any = host.equals("*") ? Listen.tcp(0) : Listen.tcp(host, 0);
    try (Listener first = Listener.bind(any.reusePort(true)).getFirst()) {
      int port = ((InetSocketAddress) first.address()).getPort();
      Listen.Tcp same = host.equals("*") ? Listen.tcp(port) : Listen.tcp(host, port);
      try (Listener second = Listener.bind(same.reusePort(true)).getFirst()) {
        assertEquals(OptionalInt.of(0), first.status().waiting());
        assertEquals(OptionalInt.of(0), second.status().waiting());
      }
    }
  }

  @Test
  void isReadFromALineOfTheKernelsTable() {
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
  void isFoundByTheAddressInTheKernelsNotation(String address, String notation) {
    assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN);
    assertEquals(notation, SocketTable.format(new InetSocketAddress(address, 2024)));
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
  void isReadFromNoOtherLine(String line) {
    assertNull(SocketTable.parse(line));
  }

  @Test
  void isToldWithTheKernelsCountOfOverflows() {
    assertEquals(
        OptionalLong.of(17),
        ListenQueues.overflows(
            """
            TcpExt: SyncookiesSent ListenOverflows ListenDrops
            TcpExt: 1 17 18
            IpExt: ListenOverflows
            IpExt: 5
            """));
    assertEquals(OptionalLong.empty(), ListenQueues.overflows("IpExt: A\nIpExt: 1\n"));
    assertEquals(OptionalLong.empty(), ListenQueues.overflows("TcpExt: A B\nTcpExt: 1 2\n"));
  }
}
