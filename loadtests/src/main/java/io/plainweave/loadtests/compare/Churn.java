package io.plainweave.loadtests.compare;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Connections that each send one message and end when it has been answered.
 *
 * <p>The client closes first, with a FIN, as most clients do; so it is the client that keeps the
 * TIME_WAITs. The connections take turns: the oldest is read, closed, and replaced by a new one.
 * Channels are in blocking mode, for a selector would cost more than the messages do.
 */
final class Churn extends Load {
  private record Opened(SocketChannel channel, long since) {}

  private final LoadOrder order;
  private final Connections connections;
  private final MessageBytes bytes;
  private final ByteBuffer incoming;
  private final Queue<Opened> open = new ArrayDeque<>();

  Churn(LoadOrder order) {
    this.order = order;
    connections = new Connections(order.port());
    bytes = new MessageBytes(order.bytes());
    incoming = ByteBuffer.allocateDirect(order.bytes() + 1);
  }

  @Override
  void connect() throws IOException {
    for (int i = 0; i < order.connections(); i++) {
      open();
    }
  }

  @Override
  void run(Window window) throws IOException {
    while (true) {
      Opened oldest = open.remove();
      try (SocketChannel channel = oldest.channel()) {
        readEcho(channel);
      }
      long now = System.nanoTime();
      boolean measuring = window.isMeasuring(now);
      if (window.isOver(now)) {
        break;
      }
      if (measuring) {
        count(1, now - oldest.since());
      }
      open();
    }
    while (!open.isEmpty()) {
      try (SocketChannel channel = open.remove().channel()) {
        readEcho(channel);
      }
    }
  }

  private void open() throws IOException {
    long now = System.nanoTime();
    SocketChannel channel = connections.open();
    open.add(new Opened(channel, now));
    channel.write(bytes.from(0));
  }

  private void readEcho(SocketChannel channel) throws IOException {
    incoming.clear();
    while (incoming.position() < order.bytes()) {
      if (channel.read(incoming) < 0) {
        throw new EOFException("the server closed a connection before its answer was complete");
      }
    }
    bytes.check(incoming, 0, true);
  }

  @Override
  public void close() throws IOException {
    for (Opened opened : open) {
      opened.channel().close();
    }
  }
}
