package io.plainweave.loadtests.machine;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/**
 * A socket that is connected to itself: the system has taken the destination's port for its local
 * one, where nobody listens. It would keep the server from that port, and answer as an echo server
 * does.
 */
public final class SelfConnection {
  private SelfConnection() {}

  /**
   * Closes such a socket, so that its port is free, and fails.
   *
   * @throws ConnectException if it was one
   */
  public static void refuse(SocketChannel connected) throws IOException {
    if (connected.getRemoteAddress().equals(connected.getLocalAddress())) {
      connected.setOption(StandardSocketOptions.SO_LINGER, 0);
      connected.close();
      throw new ConnectException("Connection refused: only the socket itself was at this port");
    }
  }

  /** The same for a socket. */
  public static void refuse(Socket connected) throws IOException {
    if (connected.getRemoteSocketAddress().equals(connected.getLocalSocketAddress())) {
      connected.setSoLinger(true, 0);
      connected.close();
      throw new ConnectException("Connection refused: only the socket itself was at this port");
    }
  }
}
