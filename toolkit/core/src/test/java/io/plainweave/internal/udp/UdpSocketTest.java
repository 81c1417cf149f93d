package io.plainweave.internal.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.plainweave.udp.Udp;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisplayName("A UDP socket of a server")
@EnabledOnOs(OS.LINUX)
class UdpSocketTest {
  /** More than Linux holds by itself, and less than it allows everybody. */
  private static final int BURST = 400;

  @Test
  void holdsABurstForAReceiverThatHasNoProcessor() throws Exception {
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (UdpSocket socket = UdpSocket.bind(Udp.at("127.0.0.1", 0), any, false);
        var client = new DatagramSocket()) {
      byte[] bytes = new byte[64];
      for (int i = 0; i < BURST; i++) {
        client.send(new DatagramPacket(bytes, bytes.length, socket.address()));
      }
      int received = 0;
      while (socket.receive(ByteBuffer.allocate(bytes.length)) != null) {
        received++;
      }
      assertEquals(BURST, received);
    }
  }
}
