package io.plainweave.loadtests.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ListenersTest {
  private static final String TABLE =
      """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 00000000:1B58 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1045 1
         1: 0100007F:1B59 00000000:0000 0A 00000000:00000007 00:00000000 00000000     0        0 1046 1
         2: 00000000:1B58 00000000:0000 0A 00000000:0000001D 00:00000000 00000000     0        0 1047 1
         3: 0100007F:1B58 0100007F:E236 01 00000000:00000040 00:00000000 00000000     0        0 1048 1
      """;

  @Test
  void haveAQueueEachOnOnePort() throws IOException {
    assertEquals(List.of(3, 29), queues(7_000));
    assertEquals(List.of(7), queues(7_001));
    assertEquals(List.of(), queues(7_002));
  }

  @Test
  void countWhatNobodyHasAccepted() throws IOException {
    try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Socket first = new Socket(listener.getInetAddress(), listener.getLocalPort());
        Socket second = new Socket(listener.getInetAddress(), listener.getLocalPort())) {
      assertEquals(List.of(2), Listeners.queues(listener.getLocalPort()));
      listener.accept().close();
      assertEquals(List.of(1), Listeners.queues(listener.getLocalPort()));
    }
  }

  private static List<Integer> queues(int port) throws IOException {
    return Listeners.queues(new BufferedReader(new StringReader(TABLE)), port);
  }
}
