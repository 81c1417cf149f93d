package io.plainweave.loadtests.compare;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Connections that have exchanged a message each and then do nothing. */
final class IdleConnections implements AutoCloseable {
  private final List<SocketChannel> open = new ArrayList<>();

  /** Opens them, one after the other. */
  void open(LoadOrder order) throws IOException {
    Connections connections = new Connections(order);
    MessageBytes bytes = new MessageBytes(order.bytes());
    ByteBuffer incoming = ByteBuffer.allocateDirect(Transport.LEAST_TARGET);
    for (int i = 0; i < order.connections(); i++) {
      Transport transport = connections.open();
      // What TLS keeps for it on this side is not needed any more.
      open.add(transport.channel());
      transport.establish();
      transport.write(bytes.from(0));
      incoming.clear();
      while (incoming.position() < order.bytes()) {
        if (transport.read(incoming) < 0) {
          throw new EOFException("the server closed a connection before its answer was complete");
        }
      }
      bytes.check(incoming, 0, true);
    }
  }

  int size() {
    return open.size();
  }

  @Override
  public void close() throws IOException {
    for (SocketChannel channel : open) {
      channel.close();
    }
    open.clear();
  }
}
