package io.plainweave;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A network between a client and a server that passes on one byte at a time. */
final class Chopper implements AutoCloseable {
  private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  private final Socket server;
  private volatile Socket client;
  private final Thread thread;

  Chopper(int port) throws IOException {
    server = new Socket(InetAddress.getLoopbackAddress(), port);
    server.setTcpNoDelay(true);
    thread = Thread.startVirtualThread(this::run);
  }

  int port() {
    return listener.getLocalPort();
  }

  private void run() {
    try (Socket accepted = listener.accept()) {
      client = accepted;
      accepted.setTcpNoDelay(true);
      Thread back = Thread.startVirtualThread(() -> pass(server, accepted));
      pass(accepted, server);
      back.join();
    } catch (IOException | InterruptedException e) {
      // The test is over.
    }
  }

  private static void pass(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int b; (b = in.read()) >= 0; ) {
        out.write(b);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // The other end has closed.
    }
  }

  @Override
  public void close() throws Exception {
    server.close();
    listener.close();
    if (client != null) {
      client.close();
    }
    thread.join();
  }
}
