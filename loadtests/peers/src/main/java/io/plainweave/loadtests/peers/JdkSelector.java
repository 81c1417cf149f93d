package io.plainweave.loadtests.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * The JDK alone: one loop on a {@link Selector}, whose keys are the registry.
 *
 * <p>All of it belongs to the loop's thread once that is started.
 */
final class JdkSelector implements Peer {
  private static final long SWEEP_MILLIS = 1_000;

  /** What a connection keeps. */
  private static final class State {
    private long active = System.nanoTime();
    private ByteBuffer unsent; // null unless the socket would take no more
  }

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private Selector selector;
  private ServerSocketChannel listener;
  private long now = System.nanoTime();

  @Override
  public InetSocketAddress start(int port, int threads) throws IOException {
    selector = Selector.open();
    listener = ServerSocketChannel.open();
    listener.bind(new InetSocketAddress(port), BACKLOG);
    listener.configureBlocking(false);
    listener.register(selector, SelectionKey.OP_ACCEPT);
    Thread.ofPlatform().daemon().name("loop").start(this::run);
    return (InetSocketAddress) listener.getLocalAddress();
  }

  private void run() {
    long nextSweep = now;
    try {
      while (true) {
        selector.select(this::handle, SWEEP_MILLIS);
        now = System.nanoTime();
        if (now - nextSweep >= 0) {
          nextSweep = now + SWEEP_MILLIS * 1_000_000;
          sweep();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void sweep() {
    for (SelectionKey key : selector.keys()) {
      if (key.attachment() instanceof State state && now - state.active > IDLE_TIMEOUT.toNanos()) {
        close(key);
      }
    }
  }

  private void handle(SelectionKey key) {
    if (!(key.attachment() instanceof State state)) {
      accept();
      return;
    }
    SocketChannel channel = (SocketChannel) key.channel();
    try {
      if (state.unsent != null) {
        channel.write(state.unsent);
        if (!state.unsent.hasRemaining()) {
          state.unsent = null;
          key.interestOps(SelectionKey.OP_READ);
        }
      } else {
        echo(key, channel, state);
      }
    } catch (IOException e) {
      close(key); // reset by the peer: this connection's end and no more
    }
  }

  private void echo(SelectionKey key, SocketChannel channel, State state) throws IOException {
    buffer.clear();
    if (channel.read(buffer) < 0) {
      close(key);
      return;
    }
    state.active = now;
    buffer.flip();
    channel.write(buffer);
    if (buffer.hasRemaining()) {
      state.unsent = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
      key.interestOps(SelectionKey.OP_WRITE);
    }
  }

  private void accept() {
    try {
      for (SocketChannel channel; (channel = listener.accept()) != null; ) {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.register(selector, SelectionKey.OP_READ, new State());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void close(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
