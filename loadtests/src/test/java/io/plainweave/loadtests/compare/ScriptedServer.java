package io.plainweave.loadtests.compare;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;

/** A server that does to its connections what a test wants, and counts them. */
final class ScriptedServer implements AutoCloseable {
  /** What is done to a connection. */
  interface Script {
    void serve(InputStream in, OutputStream out) throws Exception;
  }

  /** Every byte back. */
  static final Script ECHO =
      (in, out) -> {
        byte[] buffer = new byte[65_536];
        for (int length; (length = in.read(buffer)) >= 0; ) {
          out.write(buffer, 0, length);
        }
      };

  final AtomicInteger accepted = new AtomicInteger();

  /** Connections whose client has ended them in order. */
  final AtomicInteger ended = new AtomicInteger();

  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Script script;

  ScriptedServer(Script script) throws IOException {
    this(script, ServerSocketFactory.getDefault());
  }

  ScriptedServer(Script script, ServerSocketFactory sockets) throws IOException {
    this.script = script;
    listener = sockets.createServerSocket();
    listener.bind(new InetSocketAddress(0), 1_000);
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  int open() {
    return open.size();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        accepted.incrementAndGet();
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      script.serve(socket.getInputStream(), socket.getOutputStream());
      ended.incrementAndGet();
    } catch (Exception e) {
      // Not ended in order.
    } finally {
      open.remove(socket);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
