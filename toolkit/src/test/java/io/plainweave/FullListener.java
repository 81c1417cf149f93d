package io.plainweave;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/**
 * A listener without room in its backlog: who connects gets no answer, as from a host that is not
 * there.
 */
record FullListener(ServerSocket listener, List<Socket> queued) implements AutoCloseable {
  static FullListener at(InetSocketAddress address) throws IOException {
    var listener = new ServerSocket();
    List<Socket> queued = new ArrayList<>();
    boolean full = false;
    try {
      listener.bind(address, 1);
      while (!full) {
        full = !fits(listener, queued);
      }
    } finally {
      if (!full) {
        listener.close();
      }
    }
    return new FullListener(listener, queued);
  }

  private static boolean fits(ServerSocket listener, List<Socket> queued) throws IOException {
    var socket = new Socket();
    try {
      socket.connect(listener.getLocalSocketAddress(), 300);
      queued.add(socket);
      return true;
    } catch (SocketTimeoutException full) {
      socket.close();
      return false;
    }
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Takes those who wait, so that the next one gets an answer. */
  void makeRoom() throws IOException {
    for (Socket _ : queued) {
      listener.accept().close();
    }
  }

  @Override
  public void close() throws IOException {
    for (Socket socket : queued) {
      socket.close();
    }
    listener.close();
  }
}
