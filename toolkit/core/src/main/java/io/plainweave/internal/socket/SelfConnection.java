package io.plainweave.internal.socket;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/** A socket that is connected to itself, which TCP allows and nobody wants. */
public final class SelfConnection {
  private SelfConnection() {}

  /**
   * Fails if a socket is connected to itself. Where nobody listens at a port of the range from
   * which local ports are taken, the system may take just this one: then the two ends of one socket
   * meet (RFC 9293, section 3.5, figure 8). The port is free when this throws.
   *
   * @throws ConnectException as when nobody listens, which is so
   */
  public static void refuse(SocketChannel connected) throws IOException {
    if (connected.getRemoteAddress().equals(connected.getLocalAddress())) {
      // In order, it would go through TIME_WAIT with its port.
      connected.setOption(StandardSocketOptions.SO_LINGER, 0);
      connected.close();
      throw new ConnectException("Connection refused: only the socket itself was at this port");
    }
  }
}
