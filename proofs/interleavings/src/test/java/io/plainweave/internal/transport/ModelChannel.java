package io.plainweave.internal.transport;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A socket without a kernel, whose peer sends zeros, and end of stream perhaps; there is always
 * room for what is written. It knows by how many threads it was given back: that has to be one.
 */
public final class ModelChannel extends SocketChannel implements ModelSelector.Model {
  private static final SocketAddress ADDRESS = new InetSocketAddress(0);

  private final ModelSelector selector;
  private final AtomicInteger unread = new AtomicInteger();
  private final AtomicInteger released = new AtomicInteger();
  private volatile boolean ended;

  ModelChannel(ModelSelector selector) {
    super(SelectorProvider.provider());
    this.selector = selector;
  }

  // For the peer

  /** Sends so many bytes. */
  public void arrive(int count) {
    unread.addAndGet(count);
    selector.changed();
  }

  /** How often the descriptor was given back. */
  public int released() {
    return released.get();
  }

  // For the selector

  @Override
  public int readiness() {
    return SelectionKey.OP_WRITE | (unread.get() > 0 || ended ? SelectionKey.OP_READ : 0);
  }

  @Override
  public void release() {
    released.incrementAndGet();
  }

  // A socket

  @Override
  public int read(ByteBuffer target) {
    int n = Math.min(unread.get(), target.remaining());
    unread.addAndGet(-n);
    target.position(target.position() + n);
    return n == 0 && ended ? -1 : n;
  }

  @Override
  public int write(ByteBuffer source) {
    int n = source.remaining();
    source.position(source.limit());
    return n;
  }

  @Override
  protected void implCloseSelectableChannel() {
    if (!isRegistered()) {
      release();
    }
  }

  @Override
  protected void implConfigureBlocking(boolean block) {}

  @Override
  public <T> SocketChannel setOption(SocketOption<T> name, T value) {
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return Set.of();
  }

  @Override
  public SocketAddress getLocalAddress() {
    return ADDRESS;
  }

  @Override
  public SocketAddress getRemoteAddress() {
    return ADDRESS;
  }

  @Override
  public SocketChannel shutdownInput() {
    ended = true;
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
  public boolean connect(SocketAddress remote) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean finishConnect() {
    throw new UnsupportedOperationException();
  }

  @Override
  public SocketChannel bind(SocketAddress local) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket socket() {
    throw new UnsupportedOperationException();
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) {
    long n = 0;
    for (int i = offset; i < offset + length; i++) {
      n += write(sources[i]);
    }
    return n;
  }
}
