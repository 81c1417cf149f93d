package io.plainweave.testing;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import org.jspecify.annotations.Nullable;

/** What a connector takes of the socket behind a channel: a connect with a limit. */
final class MemorySocket extends Socket {
  private final MemoryChannel channel;

  MemorySocket(MemoryChannel channel) throws SocketException {
    super((@Nullable SocketImpl) null);
    this.channel = channel;
  }

  @Override
  public void connect(SocketAddress address, int timeout) throws IOException {
    channel.connect(address);
  }

  @Override
  public MemoryChannel getChannel() {
    return channel;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
