package io.plainweave.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A client that may behave badly. */
record Peer(Socket socket) implements AutoCloseable {
  static Peer connect(FaultServer server) throws IOException {
    return connect(server, 0);
  }

  /** Connects with a small buffer for what it receives, or with the usual one for 0. */
  static Peer connect(FaultServer server, int receiveBuffer) throws IOException {
    var socket = new Socket();
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer);
    }
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(20_000);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), 10_000);
    return new Peer(socket);
  }

  /** Connects from another loopback address, as from another host. */
  static Peer connect(FaultServer server, String source) throws IOException {
    var socket = new Socket();
    socket.setSoTimeout(20_000);
    socket.bind(new InetSocketAddress(source, 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), 10_000);
    return new Peer(socket);
  }

  static List<Peer> connectMany(FaultServer server, int count) throws IOException {
    List<Peer> peers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      peers.add(connect(server));
    }
    return peers;
  }

  static void closeAll(List<Peer> peers) throws IOException {
    for (Peer peer : peers) {
      peer.close();
    }
  }

  Peer asks(Behaviour behaviour) throws IOException {
    return sends(String.valueOf(behaviour.code()));
  }

  Peer sends(String text) throws IOException {
    return sends(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  Peer sends(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  String receive(int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), StandardCharsets.ISO_8859_1);
  }

  byte[] receiveAll() throws IOException {
    return socket.getInputStream().readAllBytes();
  }

  void exchange(String text) throws IOException {
    sends(text);
    assertEquals(text, receive(text.length()));
  }

  void finish() throws IOException {
    socket.shutdownOutput();
  }

  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** Whether the connection has ended by a reset, after whatever it has brought. */
  boolean seesReset() throws IOException {
    try {
      receiveAll();
      return false;
    } catch (SocketException reset) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
