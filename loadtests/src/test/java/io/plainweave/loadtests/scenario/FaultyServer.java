package io.plainweave.loadtests.scenario;

import io.plainweave.loadtests.control.Control;
import io.plainweave.loadtests.control.Notice;
import io.plainweave.loadtests.control.Order;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A server process that takes orders as any other, and does one thing wrong. */
final class FaultyServer {
  private static final int MESSAGE_BYTES = 64;

  /** What is wrong. */
  interface Fault {
    /**
     * Answers a message.
     *
     * @param connection number of the connection, in the order of their arrival
     * @param message number of the message in the connection
     */
    void answer(int connection, int message, byte[] bytes, Socket socket) throws IOException;

    /** Ends a connection whose client has finished. */
    default void end(int connection, Socket socket) throws IOException {
      socket.close();
    }

    /** Ends a connection in the drain. */
    default void drain(Socket socket) throws IOException {
      socket.close();
    }
  }

  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Fault fault;

  private FaultyServer(Fault fault) {
    this.fault = fault;
  }

  /** Serves until the coordinator has enough of it. */
  static void run(Fault fault) throws Exception {
    new FaultyServer(fault).run();
  }

  private void run() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 1_000);
        Control control = Control.open(() -> {})) {
      Thread.ofVirtual().start(() -> accept(listener));
      control.tell(new Notice.Listening(listener.getLocalPort()));
      while (true) {
        switch (control.await()) {
          case Order.Measure _ -> control.tell(new Notice.Memory(0, 0, OptionalLong.empty()));
          case Order.Count _ -> control.tell(new Notice.Count(open.size(), Map.of()));
          case Order.Drain _ -> {
            for (Socket socket : open) {
              fault.drain(socket);
            }
            control.tell(new Notice.Drained(true, Duration.ZERO, 0));
          }
          default -> throw new IllegalStateException("an order for a client reached a server");
        }
      }
    }
  }

  private void accept(ServerSocket listener) {
    try {
      for (int i = 0; true; i++) {
        int connection = i;
        Socket socket = listener.accept();
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(connection, socket));
      }
    } catch (IOException e) {
      throw new AssertionError("the listener is closed by nobody", e);
    }
  }

  private void serve(int connection, Socket socket) {
    try {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] bytes = new byte[MESSAGE_BYTES];
      try {
        for (int message = 0; true; message++) {
          in.readFully(bytes);
          fault.answer(connection, message, bytes, socket);
        }
      } catch (EOFException finished) {
        fault.end(connection, socket);
      }
    } catch (IOException ended) {
      // By the client, by the drain, or by the fault.
    }
    if (socket.isClosed()) {
      open.remove(socket);
    }
  }

  /** Closes with a reset. */
  static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }
}
