package io.plainweave;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A plain socket as the peer of a server under test; every read fails after ten seconds.
 *
 * <p>A server that resets a connection at once may do so even before connect(2) has returned. Such
 * a client is connected all the same, to a test, and learns of the reset when it next uses its
 * socket.
 */
public record Client(Socket socket) implements AutoCloseable {
  public static Client connect(Server server) throws IOException {
    return connect(new Socket(), InetAddress.getLoopbackAddress(), server.port());
  }

  /** Connects from another loopback address, as from another host. */
  static Client connect(Server server, String source) throws IOException {
    return connect(InetAddress.getLoopbackAddress(), server.port(), source);
  }

  static Client connect(InetAddress address, int port, String source) throws IOException {
    var socket = new Socket();
    socket.bind(new InetSocketAddress(source, 0));
    return connect(socket, address, port);
  }

  private static Client connect(Socket socket, InetAddress address, int port) throws IOException {
    socket.setSoTimeout(10_000);
    try {
      socket.connect(new InetSocketAddress(address, port));
    } catch (ConnectException | NoRouteToHostException failed) {
      throw failed;
    } catch (SocketException reset) {
      // The socket is closed, and all its methods throw this exception.
    }
    return new Client(socket);
  }

  /** Whether it was reset even before its connect had returned. */
  boolean wasResetAtOnce() {
    return socket.isClosed();
  }

  public void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Reads exactly as many bytes as the text has, or fewer if the stream ends. */
  public String receive(int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
  }

  public String receiveAll() throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
  }

  /** Sends a text and waits for it to come back. */
  public void exchange(String text) throws IOException {
    send(text);
    String back = receive(text.length());
    if (!back.equals(text)) {
      throw new AssertionError("sent " + text + ", received " + back);
    }
  }

  public void finish() throws IOException {
    socket.shutdownOutput();
  }

  /** Closes with RST, as a peer does whose process was killed with bytes unread. */
  public void reset() throws IOException {
    if (!socket.isClosed()) {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }

  /** Whether the next read fails because of a reset. */
  public boolean seesReset() throws IOException {
    try {
      socket.getInputStream().readAllBytes();
      return false;
    } catch (SocketException reset) {
      return true;
    }
  }

  /** Whether the stream ends, or is reset, within a time in which nothing comes. */
  boolean isAtEndWithin(Duration time) throws IOException {
    int before = socket.getSoTimeout();
    socket.setSoTimeout((int) time.toMillis());
    try {
      socket.getInputStream().read();
      return true;
    } catch (SocketTimeoutException stillOpen) {
      return false;
    } finally {
      socket.setSoTimeout(before);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
