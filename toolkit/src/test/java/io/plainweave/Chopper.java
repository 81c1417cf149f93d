package io.plainweave;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.Semaphore;

/** A network between a client and a server that passes on one byte at a time, and may stop. */
final class Chopper implements AutoCloseable {
  private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  private final Socket server;
  private volatile Socket client;

  /** How many more bytes of the client may pass. */
  private final Semaphore allowance = new Semaphore(Integer.MAX_VALUE);

  private final Thread thread;

  Chopper(int port) throws IOException {
    server = new Socket(InetAddress.getLoopbackAddress(), port);
    server.setTcpNoDelay(true);
    thread = Thread.startVirtualThread(this::run);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Lets only so many more bytes of the client pass. */
  void allow(int bytes) {
    allowance.drainPermits();
    allowance.release(bytes);
  }

  /** Whether no more of the client passes. */
  boolean isStopped() {
    return allowance.availablePermits() == 0;
  }

  private void run() {
    try (Socket accepted = listener.accept()) {
      client = accepted;
      accepted.setTcpNoDelay(true);
      Thread back =
          Thread.startVirtualThread(() -> pass(server, accepted, new Semaphore(Integer.MAX_VALUE)));
      pass(accepted, server, allowance);
      back.join();
    } catch (IOException | InterruptedException e) {
      // The test is over.
    }
  }

  private static void pass(Socket from, Socket to, Semaphore allowance) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int b; (b = in.read()) >= 0; ) {
        allowance.acquireUninterruptibly();
        out.write(b);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // The other end has closed.
    }
  }

  @Override
  public void close() throws Exception {
    allow(Integer.MAX_VALUE);
    server.close();
    listener.close();
    if (client != null) {
      client.close();
    }
    thread.join();
  }
}
