package io.plainweave.internal.socket;

import io.plainweave.UnixListen;
import io.plainweave.kernel.ListenQueues;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A Unix-domain socket that listens at a path. Nothing outside of this process destroys it. */
public final class BoundUnixSocket implements ListeningSocket {
  private final ServerSocketChannel channel;
  private final SocketFile file;
  private final SocketAddress address;
  private final OptionalInt backlog = ListenQueues.longest();

  private BoundUnixSocket(ServerSocketChannel channel, SocketFile file, SocketAddress address) {
    this.channel = channel;
    this.file = file;
    this.address = address;
  }

  /** Binds it; when it fails, nothing stays open. */
  public static BoundUnixSocket bind(UnixListen listen) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean complete = false;
    try {
      SocketFile file = SocketFile.bind(channel, listen, ListenQueues.BACKLOG);
      complete = true;
      return new BoundUnixSocket(channel, file, listen.socketAddress());
    } finally {
      if (!complete) {
        channel.close();
      }
    }
  }

  @Override
  public SocketAddress address() {
    return address;
  }

  @Override
  public @Nullable SocketChannel accept(boolean waits) throws IOException {
    return channel.accept();
  }

  /** The path; the kernel knows only the one at which the socket was made. */
  @Override
  public SocketAddress reachedAt(SocketChannel accepted) {
    return address;
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    file.remove();
    channel.close();
  }

  @Override
  public OptionalInt backlog() {
    return backlog;
  }
}
