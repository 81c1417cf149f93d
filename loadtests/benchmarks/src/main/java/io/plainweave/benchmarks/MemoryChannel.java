package io.plainweave.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * A socket channel without a socket, so that no system call is in what is measured. What is written
 * is dropped.
 */
abstract class MemoryChannel extends SocketChannel {
  private static final SocketAddress ADDRESS =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 7000);

  private MemoryChannel() {
    super(null);
  }

  /** A peer that has sent these bytes again and again, further than anybody can read. */
  static final class Endless extends MemoryChannel {
    private final byte[] bytes;

    /** How many of the bytes have been read in this round; only the reading thread touches it. */
    private int position;

    Endless(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read(ByteBuffer target) {
      int room = target.remaining();
      while (target.hasRemaining()) {
        int n = Math.min(target.remaining(), bytes.length - position);
        target.put(bytes, position, n);
        position = (position + n) % bytes.length;
      }
      return room;
    }
  }

  /** A peer that never sends anything: its reader waits until the channel is closed. */
  static final class Silent extends MemoryChannel {
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch waiting;

    /**
     * Makes a silent peer.
     *
     * @param waiting counted down when the reader is about to wait
     */
    Silent(CountDownLatch waiting) {
      this.waiting = waiting;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      waiting.countDown();
      try {
        closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      throw new AsynchronousCloseException();
    }

    @Override
    protected void implCloseSelectableChannel() {
      closed.countDown();
    }
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    long total = 0;
    for (int i = offset; i < offset + length; i++) {
      total += read(targets[i]);
    }
    return total;
  }

  @Override
  public int write(ByteBuffer source) {
    int length = source.remaining();
    source.position(source.limit());
    return length;
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) {
    long total = 0;
    for (int i = offset; i < offset + length; i++) {
      total += write(sources[i]);
    }
    return total;
  }

  @Override
  public SocketAddress getRemoteAddress() {
    return ADDRESS;
  }

  @Override
  public SocketAddress getLocalAddress() {
    return ADDRESS;
  }

  @Override
  public <T> SocketChannel setOption(SocketOption<T> option, T value) {
    return this;
  }

  @Override
  public SocketChannel shutdownInput() {
    return this;
  }

  @Override
  public SocketChannel shutdownOutput() {
    return this;
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public boolean isConnectionPending() {
    return false;
  }

  @Override
  protected void implCloseSelectableChannel() {}

  @Override
  protected void implConfigureBlocking(boolean block) {}

  @Override
  public <T> T getOption(SocketOption<T> option) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return Set.of();
  }

  @Override
  public SocketChannel bind(SocketAddress local) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean connect(SocketAddress remote) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean finishConnect() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket socket() {
    throw new UnsupportedOperationException();
  }
}
