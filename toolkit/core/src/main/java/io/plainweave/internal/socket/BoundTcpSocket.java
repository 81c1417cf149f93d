package io.plainweave.internal.socket;

import io.plainweave.TcpListen;
import io.plainweave.internal.log.Log;
import io.plainweave.kernel.ListenQueues;
import io.plainweave.kernel.SocketTable;
import io.plainweave.text.Addresses;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A TCP socket that listens at an address. */
final class BoundTcpSocket implements ListeningSocket {
  /**
   * Held while a socket is bound to a port that others share: the one that the kernel did not have
   * there before is ours.
   */
  private static final ReentrantLock BINDING = new ReentrantLock();

  private final TcpListen listen;
  private final InetSocketAddress address;

  /** Held while the channel is replaced or closed. */
  private final ReentrantLock changing = new ReentrantLock();

  /** Replaced by one acceptor alone, under {@link #changing}. */
  private volatile ServerSocketChannel channel;

  /** Which one it is to the kernel, or 0 if that cannot be told; as {@link #channel}. */
  private volatile long inode;

  /** As {@link #channel}. */
  private volatile OptionalInt backlog;

  /**
   * Whether the channel is being replaced, and closed meanwhile; written under {@link #changing}.
   */
  private volatile boolean lost;

  /** Guarded by {@link #changing}. */
  private boolean closed;

  /** Binds it; when it fails, nothing stays open. */
  BoundTcpSocket(TcpListen listen, InetSocketAddress wanted) throws IOException {
    this.listen = listen;
    BINDING.lock();
    try {
      @Nullable Set<Long> others = others(wanted);
      channel = TcpListeners.open(listen, wanted);
      address = (InetSocketAddress) channel.getLocalAddress();
      inode = newInode(others);
      backlog = ListenQueues.longest();
    } finally {
      BINDING.unlock();
    }
  }

  /** The sockets that listen there already, or null if that cannot be told. */
  private @Nullable Set<Long> others(InetSocketAddress wanted) {
    if (!isShared() || wanted.getPort() == 0) {
      return Set.of();
    }
    try {
      Set<Long> all = inodes(wanted);
      if (wanted.getAddress().isAnyLocalAddress()) {
        // Java binds 0.0.0.0 as "::" where there is IPv6.
        all.addAll(inodes(new InetSocketAddress("::", wanted.getPort())));
      }
      return all;
    } catch (IOException cannotTell) {
      return null;
    }
  }

  private static Set<Long> inodes(InetSocketAddress address) throws IOException {
    return SocketTable.at(address).stream()
        .map(SocketTable.Entry::inode)
        .collect(Collectors.toSet());
  }

  /**
   * The socket that listens at the address now and did not before; 0 if there is none such, or more
   * than one, or if it cannot be told.
   */
  private long newInode(@Nullable Set<Long> before) {
    if (before == null) {
      return 0;
    }
    try {
      if (!isShared()) {
        return SocketTable.first(address, _ -> true).map(SocketTable.Entry::inode).orElse(0L);
      }
      Set<Long> made = inodes(address);
      made.removeAll(before);
      return made.size() == 1 ? made.iterator().next() : 0;
    } catch (IOException cannotTell) {
      return 0;
    }
  }

  @Override
  public InetSocketAddress address() {
    return address;
  }

  @Override
  public @Nullable SocketChannel accept(boolean waits) throws IOException {
    ServerSocketChannel current = channel;
    if (!waits) {
      current.configureBlocking(false);
    }
    SocketChannel accepted = current.accept();
    if (accepted != null) {
      prepare(accepted);
    }
    return accepted;
  }

  private void prepare(SocketChannel accepted) {
    try {
      new TcpSettings(listen.options()).applyToAccepted(accepted);
    } catch (IOException e) {
      // It worked at the start. Some systems refuse it when the peer has reset the connection,
      // which is for the handler to see.
      Log.optionRefused(this, e);
    }
  }

  @Override
  public int acceptors() {
    return listen.acceptors();
  }

  @Override
  public boolean isShared() {
    return listen.reusePort();
  }

  @Override
  public boolean isOpen() {
    return lost || channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    changing.lock();
    try {
      closed = true;
      lost = false;
      channel.close();
    } finally {
      changing.unlock();
    }
  }

  @Override
  public boolean isListening() {
    try {
      if (inode == 0) {
        return answers();
      }
      boolean listed = entry().isPresent();
      // The table may lack one when it was read while others came and went.
      return listed || entry().isPresent();
    } catch (IOException cannotTell) {
      return true;
    }
  }

  /** What the kernel says of it. */
  private Optional<SocketTable.Entry> entry() throws IOException {
    return SocketTable.first(address, entry -> entry.inode() == inode);
  }

  /** Connects to it; to another one, if others listen on the same port. */
  private boolean answers() throws IOException {
    InetAddress host = address.getAddress();
    InetAddress reachable = host.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : host;
    try (SocketChannel probe = SocketChannel.open()) {
      probe.configureBlocking(false);
      if (probe.connect(new InetSocketAddress(reachable, address.getPort()))
          || probe.finishConnect()) {
        SelfConnection.refuse(probe);
      }
      return true;
    } catch (ConnectException refused) {
      return false;
    }
  }

  @Override
  public Duration rebindFor() {
    return listen.rebindFor();
  }

  @Override
  public boolean rebind() throws IOException {
    BINDING.lock();
    changing.lock();
    try {
      if (closed) {
        return false;
      }
      lost = true;
      // What was destroyed still has the port, as long as it is open.
      channel.close();
      @Nullable Set<Long> others = others(address);
      channel = TcpListeners.open(listen, address);
      inode = newInode(others);
      backlog = ListenQueues.longest();
      lost = false;
      return true;
    } finally {
      changing.unlock();
      BINDING.unlock();
    }
  }

  @Override
  public OptionalInt backlog() {
    return backlog;
  }

  @Override
  public OptionalInt waiting() {
    try {
      return entry().map(entry -> OptionalInt.of(entry.waiting())).orElse(OptionalInt.empty());
    } catch (IOException cannotTell) {
      return OptionalInt.empty();
    }
  }

  @Override
  public String toString() {
    return Addresses.format(address);
  }
}
