package io.plainweave;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A plain socket as the peer of a server under test; every wait for a datagram ends after ten
 * seconds.
 */
public record UdpClient(DatagramSocket socket, InetSocketAddress server) implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 10_000;

  /** A peer of the server's first place for datagrams, on the loopback interface. */
  public static UdpClient of(Server server) throws IOException {
    return from("127.0.0.1", server);
  }

  /** The same with an address of its own, such as 127.0.0.2. */
  public static UdpClient from(String address, Server server) throws IOException {
    return at(address, server.datagrams().getFirst().address());
  }

  /** The same for any server. */
  public static UdpClient at(String address, InetSocketAddress server) throws IOException {
    InetAddress own = InetAddress.getByName(address);
    InetAddress host = server.getAddress().isAnyLocalAddress() ? own : server.getAddress();
    var socket = new DatagramSocket(new InetSocketAddress(own, 0));
    return new UdpClient(socket, new InetSocketAddress(host, server.getPort()));
  }

  public void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.US_ASCII));
  }

  public void send(byte[] bytes) throws IOException {
    socket.send(new DatagramPacket(bytes, bytes.length, server));
  }

  public String receive() throws IOException {
    return new String(receiveBytes(), StandardCharsets.US_ASCII);
  }

  public byte[] receiveBytes() throws IOException {
    socket.setSoTimeout(PATIENCE_MILLIS);
    var packet = new DatagramPacket(new byte[65_535], 65_535);
    socket.receive(packet);
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  /** Sends a text and waits for the answer. */
  public String ask(String text) throws IOException {
    send(text);
    return receive();
  }

  /** Whether a datagram is here, or comes within a moment. */
  public boolean hasMail() throws IOException {
    socket.setSoTimeout(100);
    try {
      socket.receive(new DatagramPacket(new byte[1], 1));
      return true;
    } catch (SocketTimeoutException nothing) {
      return false;
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
