package io.plainweave.fuzz.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * A server on loopback that says something to whoever connects, whatever that one has asked, and
 * leaves when the other does. It resets its connections then: they would hold their ports for a
 * minute.
 */
public final class TalkingServer implements AutoCloseable {
  private final ServerSocket socket;
  private final Thread thread;
  private volatile byte[] said = {};

  /** Starts one. */
  public TalkingServer() throws IOException {
    socket = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    thread = Thread.ofPlatform().name("talking-server").start(this::serve);
  }

  /** What the next one is told. */
  public void say(byte[] bytes) {
    said = bytes;
  }

  /** Where it listens. */
  public int port() {
    return socket.getLocalPort();
  }

  private void serve() {
    while (!socket.isClosed()) {
      try (Socket peer = socket.accept();
          OutputStream out = peer.getOutputStream();
          InputStream in = peer.getInputStream()) {
        peer.setSoTimeout(10_000);
        peer.setSoLinger(true, 0);
        out.write(said);
        peer.shutdownOutput();
        in.skip(Long.MAX_VALUE); // up to its end
      } catch (IOException e) {
        // It has left earlier, or this is the end.
      }
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    socket.close();
    thread.join();
  }
}
