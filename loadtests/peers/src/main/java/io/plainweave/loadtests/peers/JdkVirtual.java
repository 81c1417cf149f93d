package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** The JDK alone: a virtual thread for each {@link SocketChannel}. */
final class JdkVirtual implements Peer {
  /** A connection keeps it, so it is small; a full one is exchanged for a large one. */
  private static final int SMALL_BYTES = 512;

  private final Sweeper sweeper = new Sweeper();

  @Override
  public InetSocketAddress start(int port, int threads) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open();
    listener.bind(new InetSocketAddress(port), BACKLOG);
    sweeper.start();
    Thread.ofPlatform().daemon().name("acceptor").start(() -> accept(listener));
    return (InetSocketAddress) listener.getLocalAddress();
  }

  private void accept(ServerSocketChannel listener) {
    try {
      while (true) {
        SocketChannel channel = listener.accept();
        Thread.startVirtualThread(() -> serve(channel));
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot accept", e);
    }
  }

  private void serve(SocketChannel channel) {
    Sweeper.Entry entry = sweeper.add(channel);
    try (channel) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      ByteBuffer buffer = ByteBuffer.allocate(SMALL_BYTES);
      while (channel.read(buffer) >= 0) {
        entry.active = System.nanoTime();
        boolean full = !buffer.hasRemaining();
        buffer.flip();
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        if (full && buffer.capacity() == SMALL_BYTES) {
          buffer = ByteBuffer.allocate(BUFFER_BYTES);
        }
        buffer.clear();
      }
    } catch (IOException e) {
      // The peer has reset it, or the sweeper closed it: this connection's end and no more.
    } finally {
      sweeper.remove(entry);
    }
  }
}
