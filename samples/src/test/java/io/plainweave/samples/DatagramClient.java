package io.plainweave.samples;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.Arrays;

/**
 * A UDP client.
 *
 * @param socket not connected: the JDK sends no empty datagram by one that is
 * @param server to which it sends
 */
record DatagramClient(DatagramSocket socket, InetSocketAddress server) implements AutoCloseable {
  /** More replies than a server gives that means to come to an end. */
  private static final int TOO_MANY = 20_000;

  static DatagramClient of(int port) throws IOException {
    return new DatagramClient(
        new DatagramSocket(), new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** Sends a datagram and returns the reply; fails if there is none for ten seconds. */
  byte[] exchange(byte[] request) throws IOException {
    socket.setSoTimeout(10_000);
    return send(request);
  }

  /**
   * Asks, and sends each reply back, as another server would to which they came; true once there is
   * none any more.
   */
  boolean seesEndOfReplies() throws IOException {
    byte[] next = exchange(new byte[0]);
    socket.setSoTimeout(1_000);
    try {
      for (int i = 0; i < TOO_MANY; i++) {
        next = send(next);
      }
      return false;
    } catch (SocketTimeoutException dropped) {
      return true;
    }
  }

  private byte[] send(byte[] request) throws IOException {
    socket.send(new DatagramPacket(request, request.length, server));
    var reply = new DatagramPacket(new byte[2_048], 2_048);
    socket.receive(reply);
    return Arrays.copyOf(reply.getData(), reply.getLength());
  }

  @Override
  public void close() {
    socket.close();
  }
}
