package io.plainweave.internal.socket;

import java.io.IOException;
import java.net.BindException;
import java.net.SocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The socket that this process has inherited as its standard input, on which it listens without
 * having bound it.
 *
 * <p>It is never closed. Whoever has started this process has it, too, and connections go on
 * waiting in its backlog for whoever listens next; and the JDK, when it closes that channel, turns
 * standard output and error into /dev/null, and so the log.
 */
public final class InheritedSocket implements ListeningSocket {
  /** The one that a listener has: there is one descriptor 0. */
  private static final AtomicReference<@Nullable InheritedSocket> TAKEN = new AtomicReference<>();

  private final ServerSocketChannel channel;
  private final SocketAddress address;

  /** In which the acceptor waits. Unlike accept(2), it can be left without a close. */
  private final Selector selector;

  private InheritedSocket(ServerSocketChannel channel, SocketAddress address, Selector selector) {
    this.channel = channel;
    this.address = address;
    this.selector = selector;
  }

  /**
   * Takes it for a listener; when that fails, it may be taken again.
   *
   * @throws BindException if the standard input is no socket that listens, or is taken
   */
  static InheritedSocket take() throws IOException {
    return take(System.inheritedChannel());
  }

  static InheritedSocket take(@Nullable Channel inherited) throws IOException {
    if (!(inherited instanceof ServerSocketChannel channel)) {
      throw new BindException(
          "cannot listen on the inherited socket: the standard input is %s"
              .formatted(
                  inherited == null
                      ? "no socket: start this process by systemd with StandardInput=socket, or by sh"
                          + " -c 'exec java ... <&3' for the first socket of LISTEN_FDS, or by"
                          + " inetd (wait)"
                      : "a socket that does not listen: " + inherited));
    }
    Selector selector = Selector.open();
    @Nullable InheritedSocket taken = null;
    boolean complete = false;
    try {
      var socket = new InheritedSocket(channel, channel.getLocalAddress(), selector);
      if (!TAKEN.compareAndSet(null, socket)) {
        throw new BindException(
            "cannot listen on the inherited socket: another listener of this process has it");
      }
      taken = socket;
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_ACCEPT);
      complete = true;
      return socket;
    } finally {
      if (!complete) {
        TAKEN.compareAndSet(taken, null);
        selector.close();
      }
    }
  }

  @Override
  public SocketAddress address() {
    return address;
  }

  @Override
  public @Nullable SocketChannel accept(boolean waits) throws IOException {
    try {
      while (selector.isOpen() && !Thread.currentThread().isInterrupted()) {
        SocketChannel accepted = channel.accept();
        if (accepted != null) {
          return accepted;
        }
        selector.select();
        selector.selectedKeys().clear();
      }
    } catch (ClosedSelectorException stopped) {
      // Between two looks at it.
    }
    return null;
  }

  @Override
  public boolean isOpen() {
    return selector.isOpen();
  }

  /** Ends the wait for connections. */
  @Override
  public void close() throws IOException {
    if (TAKEN.compareAndSet(this, null)) {
      selector.close();
    }
  }
}
