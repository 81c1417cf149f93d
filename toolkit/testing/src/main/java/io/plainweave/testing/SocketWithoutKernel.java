package io.plainweave.testing;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * What a channel has of a socket beside the bytes: addresses and options, which are kept as they
 * are set. Only SO_LINGER has an effect.
 */
abstract class SocketWithoutKernel extends SocketChannel {
  private static final Set<SocketOption<?>> OPTIONS =
      Set.of(
          StandardSocketOptions.SO_LINGER,
          StandardSocketOptions.SO_RCVBUF,
          StandardSocketOptions.SO_SNDBUF,
          StandardSocketOptions.SO_KEEPALIVE,
          StandardSocketOptions.SO_REUSEADDR,
          StandardSocketOptions.TCP_NODELAY,
          StandardSocketOptions.IP_TOS,
          ExtendedSocketOptions.TCP_KEEPIDLE,
          ExtendedSocketOptions.TCP_KEEPINTERVAL,
          ExtendedSocketOptions.TCP_KEEPCOUNT);

  private final Map<SocketOption<?>, Object> options = new ConcurrentHashMap<>();
  private volatile @Nullable SocketAddress local;
  private volatile @Nullable SocketAddress remote;

  SocketWithoutKernel() {
    super(SelectorProvider.provider());
  }

  void addresses(SocketAddress own, SocketAddress peers) {
    local = own;
    remote = peers;
  }

  /** Whether its close is a reset. */
  final boolean isToReset() {
    return Integer.valueOf(0).equals(options.get(StandardSocketOptions.SO_LINGER));
  }

  @Override
  public boolean isConnectionPending() {
    return false;
  }

  @Override
  public SocketChannel bind(@Nullable SocketAddress address) {
    local = address;
    return this;
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      if (targets[i].hasRemaining()) {
        return read(targets[i]);
      }
    }
    return 0;
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    long total = 0;
    for (int i = offset; i < offset + length; i++) {
      total += write(sources[i]);
      if (sources[i].hasRemaining()) {
        break;
      }
    }
    return total;
  }

  @Override
  public @Nullable SocketAddress getLocalAddress() throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    return local;
  }

  @Override
  public @Nullable SocketAddress getRemoteAddress() throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    return remote;
  }

  @Override
  public <T> SocketChannel setOption(SocketOption<T> name, T value) throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    options.put(name, value);
    return this;
  }

  @Override
  @SuppressWarnings("unchecked") // as it was put
  public <T> @Nullable T getOption(SocketOption<T> name) {
    return (T) options.get(name);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return OPTIONS;
  }

  @Override
  protected void implConfigureBlocking(boolean block) {
    // A call looks for itself.
  }

  @Override
  public String toString() {
    return "connection in memory from " + local + " to " + remote;
  }
}
