package io.plainweave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client with a plain socket; every read fails after ten seconds. */
record Client(Socket socket) implements AutoCloseable {
  static Client connect(int port) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(10_000);
    return new Client(socket);
  }

  /** Whether nobody listens there any more. */
  static boolean isRefused(int port) throws IOException {
    try (Client _ = connect(port)) {
      return false;
    } catch (ConnectException refused) {
      return true;
    }
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  String receive(int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
  }

  /** Sends a text and waits for it to come back. */
  void exchange(String text) throws IOException {
    send(text);
    assertEquals(text, receive(text.length()));
  }

  /** Whether as many bytes have come. */
  boolean hasReceived(int length) throws IOException {
    return socket.getInputStream().available() >= length;
  }

  /** Waits for the end of what the server sends; true if it ends in order and without a byte. */
  boolean seesEnd() throws IOException {
    return socket.getInputStream().read() == -1;
  }

  /** Closes with RST. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
