package io.plainweave;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A bound socket that takes connections. Closed by the server at shutdown; an interrupted acceptor
 * closes it, too.
 */
final class Listener implements AutoCloseable {
  /**
   * More than any kernel gives: listen(2) cuts it silently to net.core.somaxconn. The JDK's own
   * default is 50.
   */
  private static final int BACKLOG = 65_535;

  private final ServerSocketChannel channel;
  private final SocketAddress address;

  /** The file of a Unix-domain socket. */
  private final @Nullable SocketFile file;

  /** Whether others may listen on the same port. */
  private final boolean shared;

  /** Set once, by whoever begins the drain. */
  private volatile boolean finishing;

  /** Held by the acceptor while it is in accept(2). */
  private final ReentrantLock accepting = new ReentrantLock();

  private Listener(
      ServerSocketChannel channel,
      SocketAddress address,
      @Nullable SocketFile file,
      boolean shared) {
    this.channel = channel;
    this.address = address;
    this.file = file;
    this.shared = shared;
  }

  /** Binds; when it fails, nothing stays open. */
  static Listener bind(Listen listen) throws IOException {
    return switch (listen) {
      case Listen.Tcp tcp -> bind(tcp);
      case Listen.Unix unix -> bind(unix);
    };
  }

  private static Listener bind(Listen.Unix listen) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean complete = false;
    try {
      SocketFile file = SocketFile.bind(channel, listen, BACKLOG);
      complete = true;
      return new Listener(channel, listen.socketAddress(), file, false);
    } finally {
      if (!complete) {
        channel.close();
      }
    }
  }

  private static Listener bind(Listen.Tcp listen) throws IOException {
    InetSocketAddress wanted = listen.socketAddress();
    if (wanted.isUnresolved()) {
      throw new BindException(
          "cannot listen on " + listen + ": the host is unknown: " + listen.host());
    }
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      if (listen.reusePort()) {
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      }
      channel.bind(wanted, BACKLOG);
      return new Listener(channel, channel.getLocalAddress(), null, listen.reusePort());
    } catch (IOException | UnsupportedOperationException e) {
      channel.close();
      throw cannotListen(listen, wanted, e);
    }
  }

  private static BindException cannotListen(
      Listen.Tcp listen, InetSocketAddress wanted, Exception cause) throws IOException {
    InetAddress host = wanted.getAddress();
    boolean local = host.isAnyLocalAddress() || NetworkInterface.getByInetAddress(host) != null;
    String advice =
        local
            ? "stop the program that listens there, or take another port (0 stands for one that is free)"
            : "no network interface of this machine has that address";
    var failure =
        new BindException("cannot listen on " + listen + ": " + cause.getMessage() + ": " + advice);
    failure.initCause(cause);
    return failure;
  }

  /**
   * Waits for a connection, on a platform thread in the system call itself. Once the listener
   * finishes it only takes what is there: null, and it is closed, when nothing is.
   */
  @Nullable SocketChannel accept() throws IOException {
    accepting.lock();
    try {
      if (!finishing) {
        return channel.accept();
      }
      channel.configureBlocking(false);
      SocketChannel waiting = channel.accept();
      if (waiting == null) {
        channel.close();
      }
      return waiting;
    } finally {
      accepting.unlock();
    }
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  /**
   * Asks the kernel, by a connection to itself, whether anybody listens at this address: a
   * listening socket can be destroyed from outside ({@code ss -K}), and accept fails for ever then.
   * Nothing in the JDK tells. True if it cannot be found out, if another process listens on the
   * same port, and of a Unix-domain socket, which nothing outside of this process destroys.
   */
  boolean isListening() {
    if (!(address instanceof InetSocketAddress inet)) {
      return true;
    }
    InetAddress host = inet.getAddress();
    InetAddress reachable = host.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : host;
    try (SocketChannel probe = SocketChannel.open()) {
      probe.configureBlocking(false);
      if (!probe.connect(new InetSocketAddress(reachable, inet.getPort()))) {
        probe.finishConnect();
      }
      return true;
    } catch (ConnectException refused) {
      return false;
    } catch (IOException cannotTell) {
      return true;
    }
  }

  /** What comes before the handler, in its order. */
  List<PrefaceStep> preface() {
    return List.of();
  }

  SocketAddress address() {
    return address;
  }

  /** The address at which the peer of an accepted channel has reached this listener. */
  SocketAddress reachedAt(SocketChannel accepted) throws IOException {
    // Of a Unix-domain socket, the kernel knows the path at which it was made.
    return file == null ? accepted.getLocalAddress() : address;
  }

  /**
   * Ends the listener for a drain. If no other listens on the port, it is closed at once, and new
   * connections are refused from now on. Otherwise clients do not expect to be turned away, and the
   * kernel would reset those that wait in the backlog: the acceptor takes them first, and closes
   * the socket. One that waits for a connection in vain has to be released by {@link #close()}.
   */
  void finish() {
    finishing = true;
    if (!shared) {
      close();
    }
  }

  /** Closes the socket. When this returns, new connections are refused. */
  @Override
  public void close() {
    if (file != null) {
      file.remove();
    }
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)).
      ServerLog.closeFailed(this, e);
    }
    accepting.lock();
    try {
      // The close has woken the acceptor, but the kernel listens until that has left accept(2).
    } finally {
      accepting.unlock();
    }
  }

  /** Returns {@code ADDRESS:PORT}, IPv6 in brackets, or {@code unix:PATH}. */
  @Override
  public String toString() {
    return Addresses.format(address);
  }
}
