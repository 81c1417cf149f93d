package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import javax.net.ServerSocketFactory;

/** The JDK alone: a thread, virtual or platform, for each {@link Socket}. */
final class JdkSocket implements Peer {
  /** A connection keeps it, so it is small; a full one is exchanged for a large one. */
  private static final int SMALL_BYTES = 512;

  private final ThreadFactory threads;
  private final ServerSocketFactory sockets;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  JdkSocket(ThreadFactory threads, ServerSocketFactory sockets) {
    this.threads = threads;
    this.sockets = sockets;
  }

  @Override
  public InetSocketAddress start(int port, int loops) throws IOException {
    ServerSocket listener = sockets.createServerSocket(port, BACKLOG);
    Thread.ofPlatform().daemon().name("acceptor").start(() -> accept(listener));
    return (InetSocketAddress) listener.getLocalSocketAddress();
  }

  private void accept(ServerSocket listener) {
    try {
      while (true) {
        Socket socket = listener.accept();
        threads.newThread(() -> serve(socket)).start();
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot accept", e);
    }
  }

  private void serve(Socket socket) {
    open.add(socket);
    try (socket) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) IDLE_TIMEOUT.toMillis());
      InputStream in = socket.getInputStream();
      OutputStream out = socket.getOutputStream();
      byte[] buffer = new byte[SMALL_BYTES];
      for (int length; (length = in.read(buffer)) >= 0; ) {
        out.write(buffer, 0, length);
        if (length == SMALL_BYTES) {
          buffer = new byte[BUFFER_BYTES];
        }
      }
    } catch (IOException e) {
      // The peer has reset it, or its time is up: this connection's end and no more.
    } finally {
      open.remove(socket);
    }
  }
}
