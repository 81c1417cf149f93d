package io.plainweave;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A socket that takes connections, for one acceptor. Closed by the server at shutdown; an
 * interrupted acceptor closes it, too.
 */
final class Listener implements AutoCloseable {
  /** Held while a socket is bound: the kernel's socket that is new then is ours. */
  private static final ReentrantLock BINDING = new ReentrantLock();

  private final Listen listen;
  private final SocketAddress address;

  /** The file of a Unix-domain socket. */
  private final @Nullable SocketFile file;

  /** Replaced by the acceptor alone, under {@link #changing}. */
  private volatile ServerSocketChannel channel;

  /** Which socket it is to the kernel, or 0 if that cannot be told; as {@link #channel}. */
  private volatile long inode;

  /** Set once, by whoever begins the drain. */
  private volatile boolean finishing;

  /** Guarded by {@link #changing}. */
  private boolean closed;

  /** Held by the acceptor while it is in accept(2). */
  private final ReentrantLock accepting = new ReentrantLock();

  /** Held while the channel is replaced or closed. */
  private final ReentrantLock changing = new ReentrantLock();

  private Listener(
      Listen listen,
      ServerSocketChannel channel,
      long inode,
      SocketAddress address,
      @Nullable SocketFile file) {
    this.listen = listen;
    this.channel = channel;
    this.inode = inode;
    this.address = address;
    this.file = file;
  }

  /** Binds all sockets of a description, or none: when it fails, nothing stays open. */
  static List<Listener> bind(Listen listen) throws IOException {
    return switch (listen) {
      case Listen.Tcp tcp -> TcpListeners.bind(tcp);
      case Listen.Unix unix -> List.of(bind(unix));
    };
  }

  private static Listener bind(Listen.Unix listen) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean complete = false;
    try {
      SocketFile file = SocketFile.bind(channel, listen, TcpListeners.BACKLOG);
      complete = true;
      return new Listener(listen, channel, 0, listen.socketAddress(), file);
    } finally {
      if (!complete) {
        channel.close();
      }
    }
  }

  /** Binds one socket of a description. */
  static Listener bind(Listen.Tcp listen, InetSocketAddress wanted) throws IOException {
    BINDING.lock();
    try {
      Set<Long> others = inodes();
      ServerSocketChannel channel = TcpListeners.open(listen, wanted);
      SocketAddress address = channel.getLocalAddress();
      return new Listener(listen, channel, inode(address, others), address, null);
    } finally {
      BINDING.unlock();
    }
  }

  private static Set<Long> inodes() throws IOException {
    return ListeningSocket.all().stream().map(ListeningSocket::inode).collect(Collectors.toSet());
  }

  /**
   * The socket that listens on the port now and was not there before; 0 if there is none such, or
   * more than one.
   */
  private static long inode(SocketAddress address, Set<Long> before) {
    int port = ((InetSocketAddress) address).getPort();
    try {
      List<ListeningSocket> made =
          ListeningSocket.all().stream()
              .filter(socket -> socket.port() == port && !before.contains(socket.inode()))
              .toList();
      return made.size() == 1 ? made.getFirst().inode() : 0;
    } catch (IOException cannotTell) {
      return 0;
    }
  }

  /**
   * Binds the socket again that was destroyed.
   *
   * @return false if the listener was closed meanwhile
   */
  boolean rebind() throws IOException {
    BINDING.lock();
    changing.lock();
    try {
      if (closed || !(listen instanceof Listen.Tcp tcp)) {
        return false;
      }
      // What was destroyed still has the port, as long as it is open.
      channel.close();
      Set<Long> others = inodes();
      channel = TcpListeners.open(tcp, (InetSocketAddress) address);
      inode = inode(address, others);
      return true;
    } finally {
      changing.unlock();
      BINDING.unlock();
    }
  }

  /** How long to try that. */
  Duration rebindFor() {
    return listen instanceof Listen.Tcp tcp ? tcp.rebindFor() : Duration.ZERO;
  }

  /**
   * Waits for a connection, on a platform thread in the system call itself. Once the listener
   * finishes it only takes what is there: null, and it is closed, when nothing is.
   */
  @Nullable SocketChannel accept() throws IOException {
    accepting.lock();
    try {
      if (finishing) {
        channel.configureBlocking(false);
      }
      SocketChannel accepted = channel.accept();
      if (accepted == null) {
        channel.close();
      } else if (listen instanceof Listen.Tcp tcp) {
        prepare(accepted, tcp.options());
      }
      return accepted;
    } finally {
      accepting.unlock();
    }
  }

  private void prepare(SocketChannel accepted, TcpOptions options) {
    try {
      options.applyToAccepted(accepted);
    } catch (IOException e) {
      // It worked at the start. Some systems refuse it when the peer has reset the connection,
      // which is for the handler to see.
      ServerLog.optionRefused(this, e);
    }
  }

  /** False once it was closed, by whomever; while it is bound again, too. */
  boolean isOpen() {
    return channel.isOpen();
  }

  /**
   * Asks the kernel whether the socket still listens: it can be destroyed from outside ({@code ss
   * -K}), and accept fails for ever then. Nothing in the JDK tells. True if it cannot be found out,
   * and of a Unix-domain socket, which nothing outside of this process destroys.
   */
  @SuppressWarnings("IdentityBinaryExpression") // each side reads the table anew
  boolean isListening() {
    if (!(address instanceof InetSocketAddress inet)) {
      return true;
    }
    try {
      // A table may lack a line when it was read while other sockets came and went.
      return inode == 0 ? answers(inet) : known().isPresent() || known().isPresent();
    } catch (IOException cannotTell) {
      return true;
    }
  }

  /** What the kernel says of the socket. */
  private Optional<ListeningSocket> known() throws IOException {
    return ListeningSocket.all().stream().filter(socket -> socket.inode() == inode).findFirst();
  }

  /** Connects to it; to another one, if others listen on the same port. */
  private static boolean answers(InetSocketAddress address) throws IOException {
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
    }
  }

  /** What comes before the handler, in its order. */
  List<PrefaceStep> preface() {
    return listen.preface().steps();
  }

  SocketAddress address() {
    return address;
  }

  int port() {
    return ((InetSocketAddress) address).getPort();
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
    if (!(listen instanceof Listen.Tcp tcp && tcp.isShared())) {
      close();
    }
  }

  /** Closes the socket. When this returns, new connections are refused. */
  @Override
  public void close() {
    if (file != null) {
      file.remove();
    }
    changing.lock();
    try {
      closed = true;
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone all the same (close(2)).
      ServerLog.closeFailed(this, e);
    } finally {
      changing.unlock();
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
