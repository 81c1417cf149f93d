package io.plainweave;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;

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
  private final InetSocketAddress address;

  /** Held by the acceptor while it is in accept(2). */
  private final ReentrantLock accepting = new ReentrantLock();

  private Listener(ServerSocketChannel channel) throws IOException {
    this.channel = channel;
    this.address = (InetSocketAddress) channel.getLocalAddress();
  }

  /** Binds; when it fails, nothing stays open. */
  static Listener bind(Listen.Tcp listen) throws IOException {
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
      return new Listener(channel);
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

  /** Waits for a connection, on a platform thread in the system call itself. */
  SocketChannel accept() throws IOException {
    accepting.lock();
    try {
      return channel.accept();
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
   * Nothing in the JDK tells. True if it cannot be found out, and if another process listens on the
   * same port.
   */
  boolean isListening() {
    InetAddress host = address.getAddress();
    InetAddress reachable = host.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : host;
    try (SocketChannel probe = SocketChannel.open()) {
      probe.configureBlocking(false);
      if (!probe.connect(new InetSocketAddress(reachable, address.getPort()))) {
        probe.finishConnect();
      }
      return true;
    } catch (ConnectException refused) {
      return false;
    } catch (IOException cannotTell) {
      return true;
    }
  }

  InetSocketAddress address() {
    return address;
  }

  /** Closes the socket. When this returns, new connections are refused. */
  @Override
  public void close() {
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

  /** Returns {@code ADDRESS:PORT}, IPv6 in brackets. */
  @Override
  public String toString() {
    return Addresses.format(address);
  }
}
