package io.plainweave.internal.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.plainweave.fixture.ResourceGuard;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@DisplayName("An inherited socket")
@ExtendWith(ResourceGuard.class)
@Timeout(30)
class InheritedSocketTest {
  private static ServerSocketChannel listening() throws Exception {
    return ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
  }

  @Test
  void isTakenOnce() throws Exception {
    try (var channel = listening()) {
      InheritedSocket first = InheritedSocket.take(channel);
      var failure = assertThrows(BindException.class, () -> InheritedSocket.take(channel));
      assertTrue(failure.getMessage().contains("another listener"), failure.getMessage());
      first.close();
      InheritedSocket second = InheritedSocket.take(channel);
      assertEquals(channel.getLocalAddress(), second.address());
      second.close();
      assertFalse(second.isOpen());
    }
  }

  @Test
  void leavesNothingBehindWhenItCannotBeTaken() throws Exception {
    var closed = listening();
    closed.close();
    assertThrows(ClosedChannelException.class, () -> InheritedSocket.take(closed));
    try (var channel = listening()) {
      InheritedSocket.take(channel).close();
    }
  }

  @Test
  void isOneThatListens() throws Exception {
    assertThrows(BindException.class, () -> InheritedSocket.take(null));
    try (var connection = SocketChannel.open()) {
      assertThrows(BindException.class, () -> InheritedSocket.take(connection));
    }
  }
}
