package io.plainweave.loadtests.compare;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Connections that each send one message and end when it has been answered.
 *
 * <p>The client closes first, with a FIN, as most clients do; so it is the client that keeps the
 * TIME_WAITs. The connections take turns: the oldest takes its next step, and after the last one a
 * new connection takes its place. Channels are in blocking mode, for a selector would cost more
 * than the messages do.
 */
final class Churn extends Load {
  /** What a connection waits for. */
  private enum Step {
    HANDSHAKE,
    ECHO,
    END
  }

  private static final class Opened {
    private final Transport transport;
    private final long since;
    private Step next;

    private Opened(Transport transport, long since) {
      this.transport = transport;
      this.since = since;
    }
  }

  private final LoadOrder order;
  private final Connections connections;
  private final MessageBytes bytes;
  private final ByteBuffer incoming = ByteBuffer.allocateDirect(Transport.LEAST_TARGET);
  private final Queue<Opened> open = new ArrayDeque<>();

  private Window window;
  private boolean over;

  Churn(LoadOrder order) {
    this.order = order;
    connections = new Connections(order);
    bytes = new MessageBytes(order.bytes());
  }

  @Override
  void connect() throws IOException {
    for (int i = 0; i < order.connections(); i++) {
      open();
    }
  }

  @Override
  void run(Window window) throws IOException {
    this.window = window;
    while (!open.isEmpty()) {
      Opened oldest = open.element();
      boolean ended = advance(oldest);
      open.remove();
      if (!ended) {
        open.add(oldest);
      } else if (!over) {
        open();
      }
    }
  }

  private void open() throws IOException {
    long now = System.nanoTime();
    Opened opened = new Opened(connections.open(), now);
    open.add(opened);
    if (opened.transport.isEstablished()) {
      send(opened);
    } else {
      opened.next = Step.HANDSHAKE;
    }
  }

  private void send(Opened connection) throws IOException {
    connection.transport.write(bytes.from(0));
    connection.next = Step.ECHO;
  }

  /** Takes the next step; whether it was the last. */
  private boolean advance(Opened connection) throws IOException {
    Transport transport = connection.transport;
    switch (connection.next) {
      case HANDSHAKE -> {
        transport.establish();
        send(connection);
        return false;
      }
      case ECHO -> {
        readEcho(transport);
        boolean ended = !transport.finish();
        if (ended) {
          transport.close();
        }
        connection.next = Step.END;
        count(connection);
        return ended;
      }
      case END -> {
        while (transport.read(incoming.clear()) >= 0) {}
        transport.close();
        return true;
      }
    }
    throw new AssertionError(connection.next);
  }

  private void count(Opened connection) throws IOException {
    long now = System.nanoTime();
    boolean measuring = window.isMeasuring(now);
    over = over || window.isOver(now);
    if (measuring && !over) {
      count(1, now - connection.since);
    }
  }

  private void readEcho(Transport transport) throws IOException {
    incoming.clear();
    while (incoming.position() < order.bytes()) {
      if (transport.read(incoming) < 0) {
        throw new EOFException("the server closed a connection before its answer was complete");
      }
    }
    bytes.check(incoming, 0, true);
  }

  @Override
  public void close() throws IOException {
    for (Opened opened : open) {
      opened.transport.close();
    }
  }
}
